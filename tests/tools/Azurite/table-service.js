// Azurite's table service, ending as Ctrl+C ends it when its standard input closes: with the process that started it at the latest.
process.stdin.resume().on('end', () => process.kill(process.pid, 'SIGINT'));
require('azurite/dist/src/table/main.js');
