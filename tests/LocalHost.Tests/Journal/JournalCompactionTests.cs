using System.Buffers.Binary;
using LocalHost.Journaling;

namespace LocalHost.Tests.Journaling;

public sealed class JournalCompactionTests : IDisposable
{
    private static readonly JournalOptions Small = new() { SegmentSize = 16 << 10, CompactionFloor = 32 << 10 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Journal_stays_small_when_the_same_things_are_written_again()
    {
        using (var shelf = Shelf.Open(_folder.Path, Small))
        {
            for (var i = 0; i < 5000; i++)
            {
                var content = JournalTests.Content(i);
                if (i % 50 == 0)
                    await shelf.PutAsync(i % 40, content);
                else
                    shelf.Put(i % 40, content);
            }
            await shelf.PutAsync(100, []);
            await shelf.Journal.Compaction;
            await shelf.PutAsync(101, []);
            await shelf.Journal.Compaction;
            Assert.InRange(shelf.Journal.TotalBytes, 1, (2 * shelf.LiveBytes) + Small.CompactionFloor + (2 * Small.SegmentSize));
        }

        using var again = Shelf.Open(_folder.Path, Small);
        for (var i = 4960; i < 5000; i++)
            Assert.Equal(JournalTests.Content(i), again.Get(i % 40));
    }

    [Fact]
    public async Task Readers_and_writers_go_on_during_compaction()
    {
        using (var shelf = Shelf.Open(_folder.Path, Small))
        {
            for (var number = 0; number < 16; number++)
                await shelf.PutAsync(number, Versioned(0));

            using var stop = new CancellationTokenSource();
            var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() => ReadUntil(shelf, stop.Token))).ToArray();
            // Each writer leaves one number alone, which only compaction moves.
            await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
            {
                for (var version = 1; version <= 1500; version++)
                {
                    var address = shelf.Put((writer * 4) + (version % 3), Versioned(version));
                    if (version % 25 == 0)
                        await shelf.Journal.FlushedAsync(address);
                }
            })));
            await stop.CancelAsync();
            await Task.WhenAll(readers);
            Assert.False(File.Exists(Path.Combine(_folder.Path, "0000000000000000000.journal")));
        }

        using var again = Shelf.Open(_folder.Path, Small);
        for (var number = 0; number < 16; number++)
            Assert.Equal(number % 4 == 3 ? 0 : 1498 + ((number % 4) + 2) % 3, BinaryPrimitives.ReadInt32LittleEndian(again.Get(number)));
    }

    [Fact]
    public async Task Record_is_one_when_compaction_stopped_between_copying_and_deleting()
    {
        using (var shelf = Shelf.Open(_folder.Path, Small))
        {
            shelf.AfterRelocation = () => throw new InvalidOperationException("The power is gone.");
            await shelf.PutAsync(1, Versioned(1));
            for (var i = 0; i < 2000; i++)
            {
                var address = shelf.Put(2, Versioned(i));
                if (i % 100 == 0)
                    await shelf.Journal.FlushedAsync(address);
            }
            await shelf.PutAsync(2, Versioned(1999));
            await shelf.Journal.Compaction;
        }
        Assert.True(File.Exists(Path.Combine(_folder.Path, "0000000000000000000.journal")));

        using var again = Shelf.Open(_folder.Path, Small);
        Assert.Equal(2003, again.Journal.Recovery.Records);
        Assert.Equal(Versioned(1), again.Get(1));
        Assert.Equal(Versioned(1999), again.Get(2));
    }

    private static void ReadUntil(Shelf shelf, CancellationToken stop)
    {
        var latest = new int[16];
        while (!stop.IsCancellationRequested)
        {
            for (var number = 0; number < 16; number++)
            {
                var version = BinaryPrimitives.ReadInt32LittleEndian(shelf.Get(number));
                Assert.True(version >= latest[number]);
                latest[number] = version;
            }
        }
    }

    private static byte[] Versioned(int version)
    {
        var content = new byte[64];
        BinaryPrimitives.WriteInt32LittleEndian(content, version);
        return content;
    }
}
