# Tables, lines, documents: what is understood becomes drafts, what is not is named, and usage that fits nothing ends the run.
printf 'node_id,lat,lon,kind,depth,code\nw1,52.61,-2.01,well,12.5,007\nw1,52.61,-2.01,well,13,007\nw2,91,0,,,\nw3\n\n"@x",52.6,-2,,1e3,"""12"""\n' > wells.csv
ulp-import -f csv --origin 52.6,-2 --time 2026-01-01T00:00:00Z wells.csv
ulp-import -f csv wells.csv
printf 'time,temp\n2026-01-01 00:00,4.5\nnot a time,5\n' | ulp-import -f csv --time time --zone +00:00 --sensor temp=Cel --actor node:a
printf 'a,b\n1,2\n' | ulp-import -f csv
printf 'a,a\n1,2\n' | ulp-import -f csv --kind x
echo '{"type":"Feature","id":7,"geometry":{"type":"Point","coordinates":[-2,52.6,3]},"properties":{"a":null}}' > one.geojson
ulp-import -f geojson --origin auto --zoom 3 one.geojson 2> /dev/null | ulp-append --now 2026-01-01T00:00:00Z 2> /dev/null
ulp-import -f geojson one.geojson
echo '{"type":"FeatureCollection","features":[{"type":"Feature"},]}' | ulp-import -f geojson --origin auto
echo '[{"bn":"node:a/","n":"temp","u":"Cel","v":4.5,"t":1767225600},{"n":"x_","v":1,"must_":1}]' | ulp-import -f senml
echo '<!DOCTYPE gpx [<!ENTITY a "b">]><gpx/>' | ulp-import -f gpx --origin 0,0
ulp-import -f geojson --delimiter tab --origin auto one.geojson
