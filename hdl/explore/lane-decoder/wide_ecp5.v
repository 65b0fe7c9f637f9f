// wide.v by ECP5's slice multiplexers: 2, 4 and 8 LUT4 and no routing between the stages, where the
// technology mapping of yosys takes 3, 7 and 15.
module mux4 (input [3:0] d, input [1:0] s, output q);
    wire [1:0] a;
    LUT4 #(.INIT(16'hcaca)) l0 (.A(d[0]), .B(d[1]), .C(s[0]), .D(1'b0), .Z(a[0]));
    LUT4 #(.INIT(16'hcaca)) l1 (.A(d[2]), .B(d[3]), .C(s[0]), .D(1'b0), .Z(a[1]));
    PFUMX m (.BLUT(a[0]), .ALUT(a[1]), .C0(s[1]), .Z(q));
endmodule
module tree8 (input [7:0] d, input [3:0] leaf, input [1:0] mid, input root, output q);
    wire [3:0] a;
    wire [1:0] b;
    genvar i;
    generate
        for (i = 0; i < 4; i = i + 1) begin : leaves
            LUT4 #(.INIT(16'hcaca)) l (.A(d[2*i]), .B(d[2*i+1]), .C(leaf[i]), .D(1'b0), .Z(a[i]));
        end
        for (i = 0; i < 2; i = i + 1) begin : mids
            PFUMX m (.BLUT(a[2*i]), .ALUT(a[2*i+1]), .C0(mid[i]), .Z(b[i]));
        end
    endgenerate
    L6MUX21 r (.D0(b[0]), .D1(b[1]), .SD(root), .Z(q));
endmodule
module mux16 (input [15:0] d, input [3:0] s, output q);
    wire [1:0] a;
    tree8 t0 (d[7:0], {4{s[0]}}, {2{s[1]}}, s[2], a[0]);
    tree8 t1 (d[15:8], {4{s[0]}}, {2{s[1]}}, s[2], a[1]);
    L6MUX21 r (.D0(a[0]), .D1(a[1]), .SD(s[3]), .Z(q));
endmodule
