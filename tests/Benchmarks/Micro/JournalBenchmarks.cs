using BenchmarkDotNet.Attributes;
using LocalHost.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Benchmarks.Micro;

/// <summary>The log under the local host's queues and tables, with records of about a delivery's size. Operations are records.</summary>
[MemoryDiagnoser]
public class JournalBenchmarks
{
    private const int Group = 1000;
    private readonly byte[] _record = new byte[500];
    private string _folder = "";
    private Journal? _journal;

    [GlobalSetup]
    public void Open()
    {
        _folder = Directory.CreateTempSubdirectory("journal-").FullName;
        _journal = new Journal(_folder, new JournalOptions(), NullLogger.Instance);
        _journal.Open([new Nothing()], _ => { });
    }

    [GlobalCleanup]
    public void Close()
    {
        _journal!.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Many appends, then one wait until all are on disk.</summary>
    [Benchmark(OperationsPerInvoke = Group)]
    public async Task Append_in_groups()
    {
        JournalAddress last = default;
        for (var i = 0; i < Group; i++)
        {
            last = _journal!.Append(Nothing.Number, _record);
        }

        await _journal!.FlushedAsync(last);
    }

    /// <summary>One append, and a wait until it is on disk: what one careful writer alone can do.</summary>
    [Benchmark]
    public async Task Append_alone() => await _journal!.FlushedAsync(_journal.Append(Nothing.Number, _record));

    /// <summary>A participant that keeps nothing, so that compaction drops every old segment.</summary>
    private sealed class Nothing : IJournalParticipant
    {
        public const byte Number = 1;

        public byte Kind => Number;

        public long LiveBytes => 0;

        public void Replay(JournalAddress address, ReadOnlySpan<byte> record)
        {
        }

        public void Relocate(JournalAddress address, ReadOnlySpan<byte> record)
        {
        }
    }
}
