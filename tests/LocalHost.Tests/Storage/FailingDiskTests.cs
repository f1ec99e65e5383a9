using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using LocalHost.Storage;
using LocalHost.Storage.Native;
using LocalHost.Tests.Hosting;

namespace LocalHost.Tests.Storage;

public sealed class FailingDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RecordingLoggerProvider _log = new();
    private readonly Database _database;
    private volatile bool _failsBefore;
    private volatile bool _failsAfter;

    public FailingDiskTests() => _database = Open(Folder, TestDatabase.Impatient);

    private string Folder => Path.Combine(_folder.Path, "db");

    public void Dispose()
    {
        _database.Dispose();
        _folder.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task Failed_write_fails_later_operations_while_reading_continues()
    {
        using var database = Open(Folder + "2", TestDatabase.Impatient with { RetryInterval = TimeSpan.FromHours(1) });
        await database.PutAsync("before", "1");
        _failsBefore = true;
        await Assert.ThrowsAsync<StorageUnavailableException>(() => database.PutAsync("lost", "1").AsTask());

        Assert.False(database.IsHealthy);
        Assert.Contains("full", database.LastError!.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StorageUnavailableException>(() => database.PutAsync("lost too", "1").AsTask());
        Assert.Equal("1", database.Get("before"));
    }

    [Fact]
    public async Task Database_accepts_writes_again_when_the_disk_does()
    {
        await _database.PutAsync("before", "1");
        _failsBefore = true;
        var lost = new Put("lost", "1"u8.ToArray());
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _database.WriteAsync(lost).AsTask());
        _failsBefore = false;
        WaitUntilHealthy();

        Assert.Equal((false, true), (lost.IsCommitted, lost.Failure is StorageUnavailableException));
        await _database.PutAsync("after", "1");
        Assert.Equal(("1", null, "1"), (_database.Get("before"), _database.Get("lost"), _database.Get("after")));
    }

    [Fact]
    public async Task Batch_that_is_stored_although_its_write_failed_is_committed_after_the_recovery()
    {
        _failsAfter = true;
        var stored = new Put("stored", "1"u8.ToArray());
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _database.WriteAsync(stored).AsTask());
        _failsAfter = false;
        WaitUntilHealthy();

        Assert.Equal((true, null), (stored.IsCommitted, stored.Failure));
        Assert.Equal("1", _database.Get("stored"));

        // The next batch has a number of its own.
        _failsBefore = true;
        var lost = new Put("lost", "1"u8.ToArray());
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _database.WriteAsync(lost).AsTask());
        _failsBefore = false;
        WaitUntilHealthy();
        Assert.Equal((false, null), (lost.IsCommitted, _database.Get("lost")));
    }

    [Fact]
    public async Task Scan_in_progress_delays_the_recovery_and_survives()
    {
        await _database.PutAsync("a", "1");
        var scan = _database.Scan(TestDatabase.Key(""), TestDatabase.Key("z"));
        _failsBefore = true;
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _database.PutAsync("lost", "1").AsTask());
        _failsBefore = false;

        Assert.True(scan.MoveNext());
        Assert.Equal("ta", Encoding.UTF8.GetString(scan.Key));
        Assert.False(_database.IsHealthy);
        scan.Dispose();
        WaitUntilHealthy();
    }

    [Fact]
    public async Task Database_is_not_replaced_by_an_empty_one_when_its_folder_was_deleted()
    {
        await _database.PutAsync("before", "1");
        Directory.Move(Folder, Folder + ".elsewhere");
        _failsBefore = true;
        await Assert.ThrowsAsync<StorageUnavailableException>(() => _database.PutAsync("lost", "1").AsTask());
        _failsBefore = false;
        Assert.True(SpinWait.SpinUntil(() => _log.DebugMessages.Any(), TimeSpan.FromSeconds(30)));

        Assert.False(_database.IsHealthy);
        Assert.False(Directory.Exists(Folder));
        Assert.Equal("1", _database.Get("before"));

        Directory.Move(Folder + ".elsewhere", Folder);
        WaitUntilHealthy();
        Assert.Equal("1", _database.Get("before"));
    }

    private Database Open(string folder, DatabaseOptions options) =>
        Database.Open(
            folder,
            _log.CreateLogger("database"),
            options with
            {
                Write = (write, batch) =>
                {
                    ThrowIf(_failsBefore);
                    write(batch);
                    ThrowIf(_failsAfter);
                },
            }
        );

    private static void ThrowIf(bool fails)
    {
        if (fails)
        {
            throw new RocksDbException("IO error: No space left on device: the disk is full");
        }
    }

    private void WaitUntilHealthy() => Assert.True(SpinWait.SpinUntil(() => _database.IsHealthy, TimeSpan.FromSeconds(30)));
}

/// <summary>A disk that really takes nothing more: no file of this process may grow beyond a limit. So it must run alone.</summary>
[Collection(nameof(Messaging.Alone))]
public sealed class FullDiskTests
{
    private const PosixSignal FileSizeExceeded = (PosixSignal)25;

    [Fact]
    public async Task Acknowledged_batches_are_complete_when_the_disk_was_full_for_a_while()
    {
        // Windows has no such limit.
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var folder = new TemporaryFolder();
        using var database = TestDatabase.Open(Path.Combine(folder.Path, "db"));
        using var ignored = PosixSignalRegistration.Create(FileSizeExceeded, context => context.Cancel = true);
        var puts = new List<(string Name, Put Put, Task Task)>();
        Limit(1 << 20);
        try
        {
            for (var i = 0; database.IsHealthy; i++)
            {
                var put = new Put($"{i}", new byte[3000]);
                puts.Add(($"{i}", put, database.WriteAsync(put).AsTask()));
                if (i % 20 == 0)
                {
                    await puts[^1].Task.ContinueWith(_ => { }, TaskScheduler.Default);
                }
            }

            Assert.NotNull(database.Get("0"));
        }
        finally
        {
            Limit(ulong.MaxValue);
        }

        Assert.True(SpinWait.SpinUntil(() => database.IsHealthy, TimeSpan.FromSeconds(30)));
        await database.PutAsync("after", "1");
        Assert.InRange(puts.Count(put => put.Task.IsCompletedSuccessfully), 100, puts.Count - 1);
        Assert.All(
            puts,
            put =>
            {
                var isThere = database.Get(put.Name) is not null;
                Assert.Equal((isThere, !isThere), (put.Put.IsCommitted, put.Put.Failure is not null));
                Assert.True(isThere || put.Task.IsFaulted);
            }
        );
    }

    private static void Limit(ulong bytes)
    {
        using var limiting = Process.Start(
            "prlimit",
            ["--pid", $"{Environment.ProcessId}", bytes == ulong.MaxValue ? "--fsize=unlimited:" : $"--fsize={bytes}:"]
        );
        limiting.WaitForExit();
        Assert.Equal(0, limiting.ExitCode);
    }
}
