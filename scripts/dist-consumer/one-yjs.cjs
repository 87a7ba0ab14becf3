// Shows that the engine's documents are of the app's own yjs: every document of that class passes its events through here.
exports.countEvents = (Y) => {
  let count = 0
  const { emit } = Y.Doc.prototype
  Y.Doc.prototype.emit = function (...args) {
    count++
    return emit.apply(this, args)
  }
  return () => count
}
