// What the start of a task is measured against: a forked program that tells when its first line ran.
process.send!(process.hrtime())
