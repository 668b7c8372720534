//! Colours, fonts and strokes.

/// The style sheet.
///
/// All selectors are below the class of the picture, so that it can stand in a page with others. There are no
/// variables in it, which not all programs that show SVG know. The colours are those of M. Okabe and K. Ito ("Color
/// Universal Design", 2008), which people who see colours differently can tell apart; nothing is said by colour alone.
pub(super) const SHEET: &str = "
.karma-organization{color:#1f2328;font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
.karma-organization text{fill:currentColor}
.karma-organization .paper{fill:#fff}
.karma-organization .title{font-size:20px;font-weight:600}
.karma-organization .heading{font-size:14px;font-weight:600}
.karma-organization .name{font-size:13px;font-weight:500}
.karma-organization .abstract{font-size:13px}
.karma-organization text.abstract{font-style:italic}
.karma-organization .note{font-size:11px;opacity:.72}
.karma-organization .tag{font-size:10px}
.karma-organization .group{fill:#f6f8fa;stroke:#d1d9e0}
.karma-organization .in-group .in-group>.group{fill:#fff}
.karma-organization .box{fill:#fff;stroke:#818b98}
.karma-organization rect.abstract{stroke-dasharray:4 3}
.karma-organization .elsewhere{fill:none;stroke:#b4bcc5}
.karma-organization path{fill:none}
.karma-organization .line{stroke:#818b98;stroke-width:1.3}
.karma-organization .hollow{fill:#fff;stroke:#59636e;stroke-width:1.3}
.karma-organization .link{stroke:#59636e;stroke-width:1.4}
.karma-organization .acquaintance{stroke-dasharray:.1 4;stroke-linecap:round;stroke-width:2}
.karma-organization .authority{stroke-width:3}
.karma-organization .other{stroke-dasharray:7 3}
.karma-organization .compatible{stroke:#0072b2;stroke-dasharray:5 3}
.karma-organization .head{fill:#59636e}
.karma-organization .ring{fill:#fff;stroke:#59636e;stroke-width:1.4}
.karma-organization .plate{fill:#fff;stroke:#59636e}
.karma-organization .sign{fill:#fff;stroke:#59636e;stroke-width:1.3}
.karma-organization .stroke{stroke:#59636e;stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
.karma-organization .norm{stroke:#0072b2;stroke-width:1.6}
.karma-organization .permission{stroke-dasharray:6 4}
.karma-organization .normhead{fill:#0072b2}
.karma-organization .pill{fill-opacity:.13}
.karma-organization .again{stroke-dasharray:3 2}
.karma-organization .edge{stroke-width:1.6}
.karma-organization .c0{stroke:#0072b2}.karma-organization .c1{stroke:#d55e00}.karma-organization .c2{stroke:#009e73}
.karma-organization .c3{stroke:#cc79a7}.karma-organization .c4{stroke:#e69f00}.karma-organization .c5{stroke:#56b4e9}
.karma-organization .pill.c0,.karma-organization .dot.c0{fill:#0072b2}
.karma-organization .pill.c1,.karma-organization .dot.c1{fill:#d55e00}
.karma-organization .pill.c2,.karma-organization .dot.c2{fill:#009e73}
.karma-organization .pill.c3,.karma-organization .dot.c3{fill:#cc79a7}
.karma-organization .pill.c4,.karma-organization .dot.c4{fill:#e69f00}
.karma-organization .pill.c5,.karma-organization .dot.c5{fill:#56b4e9}
.karma-organization .dot{stroke:none}
@media (prefers-color-scheme:dark){
.karma-organization{color:#e6edf3}
.karma-organization .paper{fill:#0d1117}
.karma-organization .group{fill:#151b23;stroke:#3d444d}
.karma-organization .in-group .in-group>.group{fill:#0d1117}
.karma-organization .box{fill:#212830}
.karma-organization .elsewhere{fill:none;stroke:#59636e}
.karma-organization .hollow,.karma-organization .ring,.karma-organization .plate,.karma-organization .sign{fill:#0d1117;stroke:#b7bdc8}
.karma-organization .link,.karma-organization .stroke{stroke:#b7bdc8}
.karma-organization .head{fill:#b7bdc8}
.karma-organization .compatible,.karma-organization .norm{stroke:#56b4e9}
.karma-organization .normhead{fill:#56b4e9}
.karma-organization .pill{fill-opacity:.25}
}
";
