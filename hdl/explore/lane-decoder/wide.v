// Multiplexers of 4, 8 and 16 inputs as modules of their own, so that a target can say how it makes
// them (wide_ecp5.v). `tree8` has a select of its own at each node.
module mux4 (input [3:0] d, input [1:0] s, output q);
    assign q = s[1] ? (s[0] ? d[3] : d[2]) : (s[0] ? d[1] : d[0]);
endmodule
module tree8 (input [7:0] d, input [3:0] leaf, input [1:0] mid, input root, output q);
    assign q = root ? (mid[1] ? (leaf[3] ? d[7] : d[6]) : (leaf[2] ? d[5] : d[4]))
                    : (mid[0] ? (leaf[1] ? d[3] : d[2]) : (leaf[0] ? d[1] : d[0]));
endmodule
module mux16 (input [15:0] d, input [3:0] s, output q);
    assign q = d[s];
endmodule
