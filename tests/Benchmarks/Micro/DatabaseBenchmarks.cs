using BenchmarkDotNet.Attributes;
using LocalHost.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Benchmarks.Micro;

/// <summary>Durable writes, each awaited, so many at once: what group commit makes of them.</summary>
[MemoryDiagnoser]
public class DatabaseBenchmarks
{
    private const int Writes = 4096;

    private readonly string _folder = Directory.CreateTempSubdirectory("database-").FullName;
    private readonly byte[] _value = new byte[512];
    private Database? _database;

    [Params(1, 16, 256)]
    public int AtOnce { get; set; }

    [GlobalSetup]
    public void Open() => _database = Database.Open(Path.Combine(_folder, "db"), NullLogger.Instance);

    [GlobalCleanup]
    public void Close()
    {
        _database!.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(OperationsPerInvoke = Writes)]
    public Task Durable_writes() =>
        Task.WhenAll(
            Enumerable
                .Range(0, AtOnce)
                .Select(async writer =>
                {
                    for (var i = 0; i < Writes / AtOnce; i++)
                    {
                        await _database!.WriteAsync(
                            new Put([KeySpace.TableRows, (byte)writer, (byte)(writer >> 8), (byte)i, (byte)(i >> 8)], _value)
                        );
                    }
                })
        );

    private sealed class Put(byte[] key, byte[] value) : WriteOperation
    {
        public override void Apply(WriteBatch batch) => batch.Put(key, value);
    }
}
