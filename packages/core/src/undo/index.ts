// Taking back what this device wrote.
export { EditStep } from './edit-step'
export { type ReadDocument, type Recorder, recorded } from './recording'
export { createUndo, Undo, type UndoOptions, type UndoResult, type UndoSkipped, type UndoTarget } from './undo'
