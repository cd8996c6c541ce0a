"""The page around the report: a template with its style, readable in light and dark, and printable."""

from __future__ import annotations

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<title>$title</title>
<style>
:root { color-scheme: light dark; --ink: #1b1d21; --soft: #5c626b; --line: #d9dce1; --paper: #fcfcfb;
  --tint: #f1f3f5; --good: #00795a; --bad: #b84a00; --warn: #a11d4c; --link: #005a94; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e6ea; --soft: #a2a8b2; --line: #383d45; --paper: #15171a; --tint: #202328;
    --good: #4fcf9f; --bad: #f0964b; --warn: #f27fa5; --link: #7cbcea; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.6 Charter, "Bitstream Charter", "Iowan Old Style", "Source Serif 4", Georgia, serif; }
main { max-width: 47rem; margin: 0 auto; padding: 3rem 1.25rem 5rem; }
h1, h2, h3, nav, table, figcaption, .facts, .lines, .note { font-family: system-ui, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 2rem; line-height: 1.15; margin: 0 0 .4rem; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.35rem; margin: 3.2rem 0 .6rem; letter-spacing: -.01em; }
h3 { font-size: 1rem; margin: 1.6rem 0 .3rem; }
p { margin: 0 0 1rem; }
.facts { color: var(--soft); margin: 0 0 1.2rem; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .9rem; padding: .7rem 0;
  border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
nav a { color: var(--link); text-decoration: none; }
nav a:hover { text-decoration: underline; }
.lines { list-style: none; padding: 0; margin: 0; font-size: 1.15rem; font-weight: 600; }
.lines li { padding: .55rem .9rem; margin: .4rem 0; background: var(--tint); border-left: .3rem solid var(--soft); }
.lines .holds { border-color: var(--good); }
.lines .vanishes { border-color: var(--bad); }
.lines .explodes { border-color: var(--warn); }
.note { color: var(--soft); }
code { font: .86em ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: var(--tint); padding: .1em .3em;
  border-radius: .2em; white-space: nowrap; }
figure { margin: 1.4rem 0; }
img { display: block; width: auto; max-width: 100%; background: #fff; padding: .6rem; border: 1px solid var(--line);
  border-radius: .35rem; }
figcaption { color: var(--soft); font-size: .85rem; margin-top: .35rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; margin: 1rem 0 1.6rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .3rem .9rem .3rem 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child { text-align: left; }
tbody th { font-weight: 400; }
@media print {
  body { background: #fff; color: #000; font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  figure, table, .lines li { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
</style>
</head>
<body>
<main>
<header>
<h1>$title</h1>
<p class="facts">$facts</p>
<nav>
$links
</nav>
</header>
$sections
</main>
</body>
</html>
"""
