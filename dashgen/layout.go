package dashgen

// columns is the width of the grid. A line is about 30 pixels high.
const columns = 24

// grid is a position on a dashboard.
type grid struct{ x, y, w, h int }

// heading returns the position of a row's heading in a line.
func heading(y int) grid { return grid{x: 0, y: y, w: columns, h: 1} }

// flow places panels from left to right, starting in a line. It returns their
// positions and the first line below them.
func flow(panels []Panel, y int) ([]grid, int) {
	places := make([]grid, len(panels))
	x, height := 0, 0
	for i, p := range panels {
		if x+p.Width > columns {
			x, y, height = 0, y+height, 0
		}
		places[i] = grid{x: x, y: y, w: p.Width, h: p.Height}
		x += p.Width
		height = max(height, p.Height)
	}
	return places, y + height
}
