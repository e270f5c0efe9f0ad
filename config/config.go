// Package config holds the config files, built into every function: default.json with every key there is, and overlays.
//
// An overlay is a file of this folder that holds only what differs, such as config/production.json, and is chosen with
// CONFIG_ENV=production. Package settings reads the files, lays them over one another and checks them.
package config

import "embed"

// Files are the JSON files of this folder.
//
//go:embed *.json
var Files embed.FS
