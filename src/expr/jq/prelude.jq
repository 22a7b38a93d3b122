# What jaq lacks or does otherwise than jq 1.8, in jq. Later definitions win over jaq's own.
# Names with a leading underscore are for this file only.

def abs: if . < 0 then -. else . end;
def toarray: if type == "array" then . else [.] end;
def ascii: [.] | implode;
def gamma: lgamma;
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def date: todate;
def dateadd(unit; n): . + n;
def datesub(unit; n): . - n;
def have_literal_numbers: true;
def have_decnum: false;
def leaf_paths: paths(scalars);

def walk(f): def inside: if type == "object" then map_values(inside) elif type == "array" then map(inside) else . end | f;
  inside;
def recurse_down: recurse;
def isvalid(f): try (f | true) catch false;

def _reverse: reverse;
def reverse: if type == "string" then explode | _reverse | implode elif length > 0 then _reverse else [] end;
def transpose: ((map(length) | max) // 0) as $width | [range($width) as $column | map(.[$column])];
def _rest($n; f): skip($n; f);
def skip($n; f): if $n < 0 then error("skip doesn't support negative count") else _rest($n; f) end;
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(skip($n; f)) end;
def _head($n; f): limit($n; f);
def limit($n; f): if $n < 0 then error("limit doesn't support negative count") else _head($n; f) end;

def del(f): delpaths([path(f)]);
def pick(paths): . as $whole | reduce path(paths) as $p (null; setpath($p; $whole | getpath($p)));

def _flatten($depth): reduce .[] as $item ([];
  if ($item | type) == "array" and $depth > 0 then . + ($item | _flatten($depth - 1)) else . + [$item] end);
def flatten($depth): if $depth < 0 then error("flatten depth must not be negative") else _flatten($depth) end;
def flatten: flatten(1e9);

def join($separator): reduce .[] as $item (null;
  (if . == null then "" else . + $separator end)
  + ($item | if . == null then "" elif type == "boolean" or type == "number" then tojson else . end)) // "";

def _key: if type == "string" then . elif type == "null" then "null" else tojson end;
def from_entries: reduce .[] as $entry ({};
  . + {
    ($entry | if .key == null then .k // .name // .Name // .K // .Key else .key end | _key):
    ($entry | if has("value") then .value elif has("v") then .v else .Value end)
  });
def with_entries(f): to_entries | map(f) | from_entries;

def IN(stream): any(stream == .; .);
def IN(source; stream): any(source == stream; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] = $row);
def INDEX(f): INDEX(.[]; f);
def JOIN($index; f): [.[] | [., $index[f]]];
def JOIN($index; stream; f): stream | [., $index[f]];
def JOIN($index; stream; f; joined): stream | [., $index[f]] | joined;

def scan(re; flags): matches(re; "g" + flags)[] | map(.string) | if length > 1 then .[1:] else .[0] end;
def scan(re): scan(re; null);

def tostream: path(def leaves: (.[]? | leaves), .; leaves) as $p | getpath($p)
  | reduce path(.[]?) as $last ([$p, .]; [$p + $last]);
def fromstream(f): { whole: null, done: false } as $start | foreach f as $event ($start;
  if .done then $start end
  | if ($event | length) == 2
    then setpath(["done"]; ($event[0] | length) == 0) | setpath(["whole"] + $event[0]; $event[1])
    else setpath(["done"]; ($event[0] | length) == 1) end;
  if .done then .whole else empty end);
def truncate_stream(stream): . as $depth | null | stream
  | if (.[0] | length) > $depth then setpath([0]; .[0][$depth:]) else empty end;
def truncate_stream($depth; stream): $depth | truncate_stream(stream);

def @html: tostring | escape_html;
def _unpadded: if endswith("=") then .[:-1] | _unpadded else . end;
def @base64d: tostring | _unpadded | . + "=" * ((4 - utf8bytelength % 4) % 4) | decode_base64;
def @csv: map(
    if type == "string" then "\"" + (split("\"") | join("\"\"")) + "\""
    elif type == "number" or type == "boolean" then tojson
    elif . == null then ""
    else error("\(type) is not valid in a csv row") end) | join(",");
def _tsv: split("\\") | join("\\\\") | split("\t") | join("\\t") | split("\n") | join("\\n") | split("\r") | join("\\r");
def @tsv: map(
    if type == "string" then _tsv
    elif type == "number" or type == "boolean" then tojson
    elif . == null then ""
    else error("\(type) is not valid in a tsv row") end) | join("\t");

def format($name):
  if $name == "text" then tostring elif $name == "json" then tojson elif $name == "csv" then @csv
  elif $name == "tsv" then @tsv elif $name == "html" then @html elif $name == "uri" then @uri
  elif $name == "sh" then @sh elif $name == "base64" then @base64 elif $name == "base64d" then @base64d
  else error("\($name) is not a valid format") end;
