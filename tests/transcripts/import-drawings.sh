# Drawings: cards, elements and nodes become drafts, what is lost is named, and a document that is none is refused whole.
echo '{"nodes":[{"id":"a","type":"text","text":"# Find \\\\#3","x":0,"y":0,"width":250,"height":60,"color":"1"},{"id":"b","type":"file","file":"img/find.jpg","x":300,"y":0,"width":200,"height":150},{"id":"c","type":"card"}],"edges":[{"id":"e","fromNode":"a","toNode":"b","label":"photo"},{"id":"f","fromNode":"a","toNode":"z"}]}' > board.canvas
ulp-import -f canvas --time 2026-01-01T00:00:00Z board.canvas
ulp-import -f canvas --flip board.canvas 2> /dev/null
echo '{"elements":[{"id":"hut","type":"rectangle","x":10,"y":20,"width":80,"height":40},{"id":"t","type":"text","x":15,"y":30,"width":50,"height":20,"text":"Hut","containerId":"hut"},{"id":"way","type":"arrow","x":90,"y":40,"points":[[0,0],[40,10],[80,0]],"roundness":{"type":2}},{"id":"pic","type":"image","x":0,"y":0,"width":9,"height":9,"fileId":"gone"},{"id":"old","type":"ellipse","x":0,"y":0,"width":9,"height":9,"isDeleted":true}]}' > sketch.excalidraw
ulp-import -f excalidraw --flip --prefix s: --time 2026-01-01T00:00:00Z sketch.excalidraw
echo '{"ocif":"https://canvasprotocol.org/ocif/v0.6","nodes":[{"id":"n","position":[10,10],"rotation":90,"data":[{"type":"@ocif/rect"},{"type":"@com/shadow"}]},{"id":"lost","data":[{"type":"@ocif/oval"}]}]}' | ulp-import -f ocif
echo '{"timestamp":1,"actor_id":"a","operation":"create_node","node_id":"n","transform":{"position":[1,2],"rotation":30}}' > t.jsonl
projector-2d -f ocif t.jsonl 2> /dev/null | ulp-import -f ocif --time 2026-01-01T00:00:00Z
echo '{"nodes":[' | ulp-import -f canvas
echo '{"nodes":[{"x":1e999}]}' | ulp-import -f canvas
echo '{"nodes":[]}' | ulp-import -f excalidraw
