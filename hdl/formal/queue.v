// What a stream buffer of DEPTH places must do, as a queue that is plainly right.
//
// Every beat that goes in comes out once, unchanged and in order; it comes out at the clock after it
// went in, if it is the only one; the unit takes beats until it is full, and not more; what is offered
// stays until taken. Reset may come at any time, and empties it. The source is free: it may even
// withdraw what it offers.
module queue #(parameter WIDTH = 2, DEPTH = 2, LEVEL = 2) (
    input wire aclk, aresetn,
    input wire [WIDTH-1:0] s_tdata, input wire s_tvalid, s_tready,
    input wire [WIDTH-1:0] m_tdata, input wire m_tvalid, m_tready,
    output reg [LEVEL-1:0] level, output reg begun
);
    reg [WIDTH*DEPTH-1:0] beats;
    wire push = s_tvalid && s_tready;
    wire pop = m_tvalid && m_tready;
    wire [LEVEL-1:0] left = level - pop;
    wire [WIDTH*DEPTH-1:0] rest = pop ? beats >> WIDTH : beats;
    wire [WIDTH*DEPTH-1:0] place = {{WIDTH*(DEPTH-1){1'b0}}, {WIDTH{1'b1}}} << (WIDTH * left);

    reg after_reset = 0, waits = 0;
    initial begun = 0;
    reg [WIDTH-1:0] offered;
    always @(posedge aclk) begin
        begun <= 1;
        after_reset <= !aresetn;
        waits <= aresetn && m_tvalid && !m_tready;
        offered <= m_tdata;
        if (!aresetn) begin
            level <= 0;
            beats <= 0;
        end else begin
            level <= left + push;
            beats <= push ? (rest & ~place) | ({DEPTH{s_tdata}} & place) : rest;
        end
    end

    // Reset comes first.
    always @(*) if (!begun) assume(!aresetn);

    always @(*) if (begun) begin
        assert(m_tvalid == (level != 0));
        assert(s_tready == (level != DEPTH && !after_reset));
        if (m_tvalid) assert(m_tdata == beats[WIDTH-1:0]);
        if (waits) assert(m_tvalid && m_tdata == offered);
    end

    // The proof is about something: it fills, passes a beat a clock while neither full nor empty, and
    // empties again.
    reg was_full = 0;
    always @(posedge aclk) begin
        was_full <= aresetn && (was_full || level == DEPTH);
        if (begun && aresetn) begin
            cover(level == DEPTH);
            cover(was_full && level == 0 && !after_reset);
            cover(push && pop && s_tdata != m_tdata);
        end
    end
endmodule
