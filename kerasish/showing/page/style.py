"""How pages look, light and dark, wide, narrow and printed; and the script that sorts tables."""

STYLE = """
:root{color-scheme:light dark;--ground:#f6f7f9;--card:#fff;--ink:#1c2733;--soft:#5d6b78;
--rule:#dfe4e9;--faint:#eef1f4;--accent:#0b62a4;--good:#0a7f5a;--bad:#b8400e;
--s0:#0b6bb8;--s1:#d0590b;--s2:#0a8a63;--s3:#a8479a;--s4:#a37800;--s5:#5b6bd6;--shade:11,107,184;
--wrong:208,89,11}
@media (prefers-color-scheme:dark){:root{--ground:#12171d;--card:#1a2129;--ink:#e4eaf0;
--soft:#9aa8b5;--rule:#313c47;--faint:#222b35;--accent:#6db9f2;--good:#4cc79c;--bad:#f0905c;
--s0:#5cb2f2;--s1:#f0935a;--s2:#45c49a;--s3:#d98bcd;--s4:#dab64a;--s5:#9aa6ff;
--shade:92,178,242;--wrong:240,147,90}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);overflow-wrap:anywhere;
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif}
header,main,footer{max-width:1080px;margin:0 auto;padding:0 20px}
header{padding-top:32px}
h1{font-size:30px;line-height:1.2;margin:0 0 8px;letter-spacing:-.01em}
h2{font-size:20px;margin:0 0 4px;scroll-margin-top:56px}
h3{font-size:16px;margin:26px 0 6px}
p{margin:6px 0 12px;max-width:76ch}
.lead{font-size:17px;color:var(--ink)}
.note,.about{color:var(--soft);font-size:13.5px}
nav{position:sticky;top:0;z-index:2;background:var(--ground);border-bottom:1px solid var(--rule);
margin-top:18px}
nav ul{max-width:1080px;margin:0 auto;padding:8px 20px;list-style:none;display:flex;gap:4px 18px;
overflow-x:auto;white-space:nowrap}
nav a{color:var(--accent);text-decoration:none;font-size:14px}
nav a:hover,nav a:focus-visible{text-decoration:underline}
section{background:var(--card);border:1px solid var(--rule);border-radius:10px;
padding:20px 22px;margin:18px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:18px 0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 16px}
.tile b{display:block;font-size:26px;line-height:1.25;font-weight:650;
font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:13px;display:block}
.tile.first b{color:var(--accent)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));
gap:14px 26px;align-items:start}
figure{margin:12px 0 4px;min-width:0}
.charts figure{max-width:560px}
figcaption{font-weight:600;margin-bottom:4px}
svg.chart{display:block;width:100%;height:auto;font-size:12px;overflow:visible}
svg text{fill:var(--soft);unicode-bidi:isolate;font-variant-numeric:tabular-nums}
svg .name{font-size:12px;fill:var(--soft)} svg .mark-name{fill:var(--ink);paint-order:stroke;
stroke:var(--card);stroke-width:4px}
.grid{stroke:var(--rule);fill:none} .axis,.tick{stroke:var(--soft);fill:none}
.line{fill:none;stroke-width:2;stroke-linejoin:round} .dashed{stroke-dasharray:6 4}
.mark{stroke:var(--soft);stroke-dasharray:3 4;fill:none}
.line.s0,.dot.s0{stroke:var(--s0)} .line.s1,.dot.s1{stroke:var(--s1)}
.line.s2,.dot.s2{stroke:var(--s2)} .line.s3,.dot.s3{stroke:var(--s3)}
.line.s4,.dot.s4{stroke:var(--s4)} .line.s5,.dot.s5{stroke:var(--s5)}
.dot{fill:var(--card);stroke-width:2} .bar{fill:var(--s0);opacity:.8} .bar:hover{opacity:1}
.dots{stroke:var(--s0);stroke-width:4.5;stroke-linecap:round;opacity:.35;fill:none}
svg.wave{display:block;width:100%;min-width:160px;max-width:240px;height:48px}
path.wave{stroke:var(--s0);stroke-width:1.1;fill:none}
.legend{list-style:none;margin:2px 0 0;padding:0 0 0 40px;display:flex;flex-wrap:wrap;gap:2px 16px;
font-size:13px;color:var(--soft)}
.key{display:inline-block;width:20px;border-top:3px solid;margin-right:6px;vertical-align:middle}
.key.dashed{border-top-style:dashed}
.key.s0{border-color:var(--s0)} .key.s1{border-color:var(--s1)} .key.s2{border-color:var(--s2)}
.key.s3{border-color:var(--s3)} .key.s4{border-color:var(--s4)} .key.s5{border-color:var(--s5)}
.wide{overflow-x:auto;margin:8px 0 12px;max-width:100%}
table{border-collapse:collapse;font-size:14px;min-width:min(100%,300px)}
caption{text-align:left;font-weight:600;padding-bottom:4px}
th,td{padding:5px 12px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule);
unicode-bidi:isolate}
th{color:var(--soft);font-weight:600;font-size:13px;white-space:nowrap;vertical-align:bottom}
td:not(.n){min-width:70px;max-width:46ch} td:last-child,th:last-child{padding-right:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer}
th button:hover{color:var(--accent)} th[aria-sort] button::after{content:" \\2191"}
th[aria-sort=descending] button::after{content:" \\2193"}
tbody tr:hover{background:var(--faint)}
.confusion td,.confusion th{border:0;padding:4px 7px;text-align:right}
.confusion td.c{min-width:44px;background:rgba(var(--wrong),calc(var(--a)*.75));
font-variant-numeric:tabular-nums;text-align:center;border:1px solid var(--card)}
.confusion td.c.hit{background:rgba(var(--shade),calc(var(--a)*.6))}
.confusion td.zero{color:var(--soft);opacity:.55}
.confusion thead th{vertical-align:bottom;text-align:center}
.confusion .tall{writing-mode:vertical-rl;transform:rotate(180deg);max-height:200px}
.whole{white-space:nowrap}
.pair{display:flex;flex-wrap:wrap;gap:0 48px;align-items:flex-start}
.pair>*{min-width:0;max-width:100%}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:3px 18px;margin:10px 0}
.facts dt{color:var(--soft)} .facts dd{margin:0;font-variant-numeric:tabular-nums}
.samples{display:grid;grid-template-columns:repeat(auto-fill,minmax(132px,1fr));gap:14px;
margin:10px 0}
.sample{border:1px solid var(--rule);border-radius:8px;padding:8px;font-size:13px;min-width:0}
.sample img{display:block;width:100%;max-height:180px;object-fit:contain;background:var(--faint)}
.sample img+img{margin-top:5px} .sample svg{margin:0 auto} .sample div{margin-top:6px}
td img{height:64px;min-width:48px;display:block}
img.pixels{image-rendering:pixelated}
.written{white-space:pre-wrap}
.good{color:var(--good)} .bad{color:var(--bad)} .soft{color:var(--soft)}
.meter{display:inline-block;vertical-align:middle;width:90px;height:8px;border-radius:4px;
background:var(--faint);overflow:hidden}
.meter i{display:block;height:100%;background:var(--s0)}
pre,code{font:13px/1.5 ui-monospace,"DejaVu Sans Mono","Liberation Mono",Menlo,Consolas,monospace}
pre{background:var(--faint);border-radius:8px;padding:12px 14px;overflow:auto;max-height:520px;
white-space:pre;overflow-wrap:normal}
details{margin:10px 0} summary{cursor:pointer;color:var(--accent)}
.model{overflow:auto;max-height:760px;background:#fff;border:1px solid var(--rule);
border-radius:8px;padding:6px;text-align:center}
.model svg,.drawn svg{max-width:100%;height:auto} .drawn svg{display:block}
.model svg text,.drawn svg text{fill:revert-layer}
.drawn{background:#fff;border-radius:8px;padding:10px 14px;margin:10px 0;overflow-x:auto}
footer{color:var(--soft);font-size:13px;padding-bottom:40px}
@media (max-width:560px){header,main,footer{padding-left:12px;padding-right:12px}
nav ul{padding-left:12px;padding-right:12px}
section{padding:14px 14px} h1{font-size:24px} .facts{grid-template-columns:1fr;gap:0}
.facts dd{margin-bottom:8px} .tile b{font-size:22px}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr))} .legend{padding-left:0}
svg.chart{font-size:14px} svg .name{font-size:13px}
.confusion td,.confusion th{padding:3px 4px} .confusion td.c{min-width:28px}
.confusion .corner{white-space:normal}}
@media print{:root{--ground:#fff;--card:#fff;--ink:#000;--soft:#444;--rule:#bbb}
nav{display:none} body{font-size:11pt} section{border:0;padding:0;margin:16px 0}
figure,tr,.sample,.tile{break-inside:avoid} pre,.model,.wide{max-height:none;overflow:visible}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""

# A click on a heading sorts the rows below it, a second one the other way round.
SCRIPT = """
for (const table of document.querySelectorAll("table.sorts")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const key = (row, i) => {
    const cell = row.cells[i], kept = cell.dataset.key;
    return kept === undefined ? cell.textContent : kept;
  };
  heads.forEach((head, i) => head.querySelector("button")?.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending" &&
      (head.classList.contains("n") || head.getAttribute("aria-sort") === "ascending");
    heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].sort((a, b) => {
      const [p, q] = [key(a, i), key(b, i)], [x, y] = [Number(p), Number(q)];
      const by = p !== "" && q !== "" && !isNaN(x) && !isNaN(y) ? x - y : p.localeCompare(q);
      return down ? -by : by;
    });
    body.append(...rows);
  }));
}
"""
