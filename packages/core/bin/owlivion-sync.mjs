#!/usr/bin/env node
// Stands in the package as it is, so that a workspace that has not built anything yet can link the command.
import '../dist/command-line.js'
