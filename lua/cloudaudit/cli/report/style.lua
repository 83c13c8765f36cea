-- The style and the script of the page. The page's policy allows these two texts alone, by their hashes.
local style = {}

--- The style. Colors have a contrast of at least 4.5 for text, in both schemes.
style.CSS = [[
:root{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--text:#1b2430;--soft:#566171;--line:#e0e4ea;
--grid:#e9ecf1;--other:#5b8fc7;--failed:#d9962b;--denied:#c6392f;--failed-text:#8a5600;--denied-text:#b3261e;
--ok-text:#1d6b47;--mark:#eef2f7;--focus:#1f6fbf}
@media (prefers-color-scheme:dark){:root{--page:#10141a;--card:#181e26;--text:#e4e8ee;--soft:#9ba7b6;--line:#2b3440;
--grid:#252d38;--other:#5f96d2;--failed:#dba03f;--denied:#e5645a;--failed-text:#e6b364;--denied-text:#f28b82;
--ok-text:#7cc6a0;--mark:#222a35;--focus:#7db5ee}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 24px}
header{padding-top:36px}
h1{margin:0 0 4px;font-size:28px;line-height:1.2;font-weight:650;overflow-wrap:anywhere}
h2{margin:0;font-size:17px;line-height:1.3;font-weight:650}
p{margin:0}
.range,.note,footer,.legend{color:var(--soft)}
.range{font-variant-numeric:tabular-nums}
.range span{display:inline-block}
.note{margin-top:10px;font-size:13px}
.warning{margin-top:16px;padding:10px 14px;border-left:4px solid var(--failed);border-radius:4px;background:var(--card)}
section{margin-top:20px;padding:20px 22px;background:var(--card);border:1px solid var(--line);border-radius:10px;
min-width:0}
.plain{padding:0;overflow:hidden}
.totals{display:grid;grid-template-columns:repeat(6,1fr);gap:1px;margin:0;background:var(--line)}
.totals div{padding:16px 0 16px 22px;background:var(--card)}
.totals dt{font-size:13px;color:var(--soft)}
.totals dd{margin:0;font-size:26px;line-height:1.25;font-weight:600;font-variant-numeric:tabular-nums}
.totals dd small{display:block;font-size:12px;line-height:1.4;font-weight:400;color:var(--soft)}
.totals .denied dd{color:var(--denied-text)}
.totals .failed dd{color:var(--failed-text)}
.columns{display:grid;grid-template-columns:1fr 1fr;column-gap:20px}
.head{display:flex;flex-wrap:wrap;align-items:baseline;justify-content:space-between;gap:4px 16px;margin-bottom:14px}
.legend{display:flex;gap:14px;margin:0;padding:0;list-style:none;font-size:13px}
.legend svg{width:10px;height:10px;margin-right:6px}
.chart{display:grid;grid-template-columns:auto minmax(0,1fr);column-gap:8px}
.axis{width:44px}
svg{display:block;overflow:visible}
.legend svg{display:inline-block}
svg text{font-size:11px;fill:var(--soft);font-variant-numeric:tabular-nums}
svg .other{fill:var(--other)}
svg .failed{fill:var(--failed)}
svg .denied{fill:var(--denied)}
svg .place{fill:transparent}
svg .bar:hover .place{fill:var(--mark)}
svg .unread{fill:var(--mark)}
svg .grid{stroke:var(--grid)}
svg .base,svg .tick line{stroke:var(--line)}
table{width:100%;border-collapse:collapse}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th{font-weight:400;text-align:left}
thead th,thead td{padding:0 12px 6px 0;border-bottom:1px solid var(--line)}
thead th{font-size:12px;color:var(--soft);white-space:nowrap}
tbody td,tbody th{padding:7px 12px 7px 0;vertical-align:baseline;overflow-wrap:anywhere;unicode-bidi:isolate}
tbody tr+tr>*{border-top:1px solid var(--grid)}
tr>:last-child{padding-right:0}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.time{white-space:nowrap;font-variant-numeric:tabular-nums}
.soft,.absent{color:var(--soft)}
.absent{font-style:italic}
.failed-text{color:var(--failed-text)}
.denied-text{color:var(--denied-text);font-weight:600}
.code{display:block;font-weight:400}
.ok-text{color:var(--ok-text)}
.small{font-size:13px}
.name{font-weight:600}
.top{table-layout:fixed}
.top tbody tr>*{padding-top:4px;padding-bottom:4px;vertical-align:middle;border-top:0}
.top tbody tr:first-child>*{padding-top:9px}
.top .who{width:38%}
.top .calls{width:64px}
.top .refused{width:56px}
.meter rect{rx:2px}
.fix code,.query{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
.fix,.seen{margin-top:3px;font-size:13px;color:var(--soft)}
details{margin-top:14px}
summary{cursor:pointer;color:var(--soft)}
.filter{display:flex;align-items:baseline;gap:10px;font-size:13px;color:var(--soft)}
[hidden]{display:none!important}
input{width:240px;padding:6px 10px;font:inherit;color:var(--text);background:var(--page);border:1px solid var(--soft);
border-radius:6px}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
footer{padding-top:24px;padding-bottom:40px;font-size:13px}
footer dl{display:grid;grid-template-columns:auto 1fr;gap:2px 16px;margin:0}
footer dd{margin:0;color:var(--text);overflow-wrap:anywhere}
@media (min-width:961px){.cards{table-layout:fixed}
.cards .count,.cards .severity{width:64px}
.cards .event{width:27%}
.cards .user{width:14%}
.cards .source{width:138px}
.cards .when{width:152px}
.cards .result{width:17%}
.cards .check{width:180px}
.cards .verdict{width:84px}
.cards .subject{width:20%}}
@media (max-width:960px){
.totals{grid-template-columns:repeat(3,1fr)}
.cards,.cards tbody,.cards tr,.cards td{display:block}
.cards thead{display:none}
.cards tr{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 14px;padding:9px 0}
.cards tr>td{order:3;padding:0;border:0;text-align:left;white-space:normal;font-size:13px}
.cards tr>.first{order:1;flex:1 1 0;min-width:40%;font-size:15px}
.cards tr>.right{order:2;max-width:50%;text-align:right}
.cards tr:after{content:"";order:2;flex-basis:100%}
.cards tr>.wide{flex-basis:100%}
.cards tr+tr{border-top:1px solid var(--grid)}
.cards [data-title]:before{content:attr(data-title) " ";color:var(--soft)}
.cards .empty{display:none}
}
@media (max-width:699px){
header,main,footer{padding-left:14px;padding-right:14px}
header{padding-top:22px}
h1{font-size:23px}
section{margin-top:14px;padding:16px 14px}
.plain{padding:0}
.totals{grid-template-columns:1fr 1fr}
.totals div{padding:11px 14px}
.totals dd{font-size:22px}
.columns{display:block}
.axis{width:34px}
.minor{display:none}
.filter,.filter label{width:100%}
.filter{flex-wrap:wrap}
input{width:100%;font-size:16px}
}
@media print{section{break-inside:avoid}.long{break-inside:auto}.filter{display:none}}
]]

--- The script: shows the filter box, and hides the rows that do not have all of its words.
style.SCRIPT = [[
(function () {
  "use strict";
  var filter = document.getElementById("filter");
  if (!filter) return;
  var box = filter.querySelector("input"), shown = document.getElementById("shown");
  var rows = Array.prototype.slice.call(document.querySelectorAll("#writes tbody tr"));
  var texts = rows.map(function (row) {
    return Array.prototype.map.call(row.children, function (cell) { return cell.textContent; }).join(" ").toLowerCase();
  });
  function apply() {
    var words = box.value.toLowerCase().split(/\s+/), count = 0;
    rows.forEach(function (row, index) {
      row.hidden = !words.every(function (word) { return texts[index].indexOf(word) >= 0; });
      if (!row.hidden) count++;
    });
    shown.textContent = count + " of " + rows.length + " shown";
  }
  filter.hidden = false;
  box.addEventListener("input", apply);
  apply();
}());
]]

return style
