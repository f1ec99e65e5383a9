using LocalHost.Journaling;

namespace LocalHost.Tests.Journaling;

public sealed class JournalTests : IDisposable
{
    private static readonly JournalOptions Small = new() { SegmentSize = 4096, CompactionFloor = 8192 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Record_is_readable_at_once_when_it_is_not_written_yet()
    {
        using var shelf = Shelf.Open(_folder.Path);
        for (var i = 0; i < 1000; i++)
        {
            shelf.Put(i, Content(i));
            Assert.Equal(Content(i), shelf.Get(i));
        }
    }

    [Fact]
    public async Task Part_of_a_record_is_readable_by_its_slice()
    {
        using var shelf = Shelf.Open(_folder.Path);
        var address = shelf.Put(1, "hello world"u8);
        var word = new byte[5];

        Assert.True(shelf.Journal.TryRead(address.Slice(4 + 6, 5), word));
        Assert.Equal("world"u8, word);

        await shelf.Journal.FlushedAsync(address);
        Assert.True(shelf.Journal.TryRead(address.Slice(4, 5), word));
        Assert.Equal("hello"u8, word);
    }

    [Fact]
    public async Task Records_are_there_again_when_it_is_opened_again()
    {
        using (var shelf = Shelf.Open(_folder.Path, Small))
        {
            for (var i = 0; i < 200; i++)
                await shelf.PutAsync(i, Content(i));
        }

        using var again = Shelf.Open(_folder.Path, Small);
        Assert.Equal(200, again.Count);
        for (var i = 0; i < 200; i++)
            Assert.Equal(Content(i), again.Get(i));
        Assert.Equal(0, again.Journal.Recovery.TornBytes);
    }

    [Fact]
    public async Task Closing_writes_what_nobody_waited_for()
    {
        using (var shelf = Shelf.Open(_folder.Path))
            shelf.Put(1, "x"u8);

        using var again = Shelf.Open(_folder.Path);
        Assert.Equal("x"u8.ToArray(), again.Get(1));
        await again.PutAsync(2, []);
        Assert.Empty(again.Get(2)!);
    }

    [Fact]
    public async Task Record_larger_than_a_segment_has_one_of_its_own()
    {
        var large = new byte[50_000];
        Random(1).NextBytes(large);
        using (var shelf = Shelf.Open(_folder.Path, Small))
        {
            await shelf.PutAsync(1, Content(1));
            await shelf.PutAsync(2, large);
            await shelf.PutAsync(3, Content(3));
        }

        using var again = Shelf.Open(_folder.Path, Small);
        Assert.Equal(large, again.Get(2));
        Assert.Equal(Content(3), again.Get(3));
    }

    [Fact]
    public void Record_over_the_limit_is_refused()
    {
        using var shelf = Shelf.Open(_folder.Path);
        Assert.Throws<ArgumentException>(() => shelf.Put(1, new byte[RecordFormat.MaxPayload]));
    }

    [Fact]
    public async Task Listeners_hear_of_a_flush_before_those_who_wait_for_it()
    {
        using var shelf = Shelf.Open(_folder.Path);
        var address = shelf.Put(1, "x"u8);
        await shelf.Journal.FlushedAsync(address);

        Assert.True(shelf.FlushedTo[^1] > address.Offset);
    }

    [Fact]
    public async Task Concurrent_appends_share_flushes()
    {
        using var shelf = Shelf.Open(_folder.Path);
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) => await shelf.PutAsync(i, Content(i)));

        Assert.Equal(2000, shelf.Count);
        Assert.True(shelf.FlushedTo.Count < 2000, $"{shelf.FlushedTo.Count} flushes");
    }

    [Fact]
    public async Task Failed_write_fails_those_who_wait_and_everything_after_it()
    {
        using var shelf = Shelf.Open(_folder.Path, Small);
        await shelf.PutAsync(1, Content(1));
        // The next segment cannot be created where a directory has its name.
        Directory.CreateDirectory(Path.Combine(_folder.Path, $"{shelf.Journal.FlushedTo:D19}.journal"));

        var lost = shelf.Put(2, new byte[5000]);
        await Assert.ThrowsAsync<JournalFailedException>(() => shelf.Journal.FlushedAsync(lost).AsTask());
        Assert.Throws<JournalFailedException>(() => shelf.Put(3, "x"u8));
        await Assert.ThrowsAsync<JournalFailedException>(() => shelf.Journal.FlushedAsync(lost).AsTask());
        Assert.Equal(Content(1), shelf.Get(1));
    }

    [Fact]
    public void Closed_journal_refuses_appends()
    {
        var shelf = Shelf.Open(_folder.Path);
        shelf.Dispose();
        Assert.Throws<ObjectDisposedException>(() => shelf.Put(1, "x"u8));
    }

    [Fact]
    public async Task Missing_segment_is_reported()
    {
        using (var shelf = Shelf.Open(_folder.Path, Small))
        {
            for (var i = 0; i < 200; i++)
                await shelf.PutAsync(i, Content(i));
        }
        File.Delete(Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal).ElementAt(1));

        var exception = Assert.Throws<JournalCorruptException>(() => Shelf.Open(_folder.Path, Small));
        Assert.Contains("missing", exception.Message, StringComparison.Ordinal);
    }

    internal static byte[] Content(int seed)
    {
        var content = new byte[20 + (seed % 100)];
        Random(seed).NextBytes(content);
        return content;
    }

    internal static Random Random(int seed) => new(seed);
}
