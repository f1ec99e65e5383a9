using LocalHost.Journaling;

namespace LocalHost.Tests.Journaling;

public sealed class JournalDamageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Torn_tail_is_cut_off_wherever_the_write_stopped()
    {
        var (whole, lastStart) = await WriteAsync(records: 3);
        for (var length = lastStart; length < whole.Length; length++)
        {
            using var folder = new TemporaryFolder();
            var file = Path.Combine(folder.Path, "0000000000000000000.journal");
            await File.WriteAllBytesAsync(file, whole[..length]);

            using (var shelf = Shelf.Open(folder.Path))
            {
                Assert.Equal(2, shelf.Count);
                Assert.Equal(length - lastStart, shelf.Journal.Recovery.TornBytes);
                await shelf.PutAsync(9, "after"u8.ToArray());
            }

            using var again = Shelf.Open(folder.Path);
            Assert.Equal(3, again.Count);
            Assert.Equal("after"u8.ToArray(), again.Get(9));
            Assert.Equal(0, again.Journal.Recovery.TornBytes);
        }
    }

    [Fact]
    public async Task Tail_of_zeros_is_cut_off()
    {
        var (whole, _) = await WriteAsync(records: 3);
        await File.WriteAllBytesAsync(OnlyFile(), [.. whole, .. new byte[500]]);

        using var shelf = Shelf.Open(_folder.Path);
        Assert.Equal(3, shelf.Count);
        Assert.Equal(500, shelf.Journal.Recovery.TornBytes);
    }

    [Fact]
    public async Task Tail_with_a_hole_in_the_last_group_is_cut_off_at_the_hole()
    {
        int start;
        using (var appended = new ManualResetEventSlim())
        using (var shelf = Shelf.Open(_folder.Path))
        {
            // While the first flush is held up, everything else gathers in one group.
            shelf.AfterFlush = appended.Wait;
            shelf.Put(1, "x"u8);
            await WaitUntilAsync(() => shelf.FlushedTo.Count == 1);
            start = (int)shelf.FlushedTo[0];
            for (var i = 10; i < 13; i++)
                shelf.Put(i, "y"u8);
            appended.Set();
        }
        Flip(start + RecordFormat.HeaderLength);

        using var again = Shelf.Open(_folder.Path);
        Assert.Equal(1, again.Count);
    }

    [Fact]
    public async Task Flipped_bit_before_the_last_group_is_reported_and_nothing_is_cut()
    {
        var (whole, lastStart) = await WriteAsync(records: 5);
        for (var position = 0; position < lastStart; position++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[position] ^= 0x10;
            await File.WriteAllBytesAsync(OnlyFile(), damaged);

            var exception = Assert.Throws<JournalCorruptException>(() => Shelf.Open(_folder.Path));
            Assert.Equal(OnlyFile(), exception.File);
            Assert.InRange(position, exception.Position, exception.Position + 200);
            Assert.Equal(damaged, await File.ReadAllBytesAsync(OnlyFile()));
        }
    }

    [Fact]
    public async Task Flipped_bit_in_an_older_segment_is_reported()
    {
        var options = new JournalOptions { SegmentSize = 1024 };
        using (var shelf = Shelf.Open(_folder.Path, options))
        {
            for (var i = 0; i < 50; i++)
                await shelf.PutAsync(i, JournalTests.Content(i));
        }
        var oldest = Directory.GetFiles(_folder.Path).Order(StringComparer.Ordinal).First();
        var bytes = await File.ReadAllBytesAsync(oldest);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(oldest, bytes);

        Assert.Throws<JournalCorruptException>(() => Shelf.Open(_folder.Path, options));
    }

    [Fact]
    public async Task Bytes_of_another_place_are_not_taken_for_a_record()
    {
        var (whole, lastStart) = await WriteAsync(records: 3);
        await File.WriteAllBytesAsync(OnlyFile(), [.. whole, .. whole[lastStart..]]);

        using var shelf = Shelf.Open(_folder.Path);
        Assert.Equal(whole.Length - lastStart, shelf.Journal.Recovery.TornBytes);
    }

    [Fact]
    public async Task Kill_leaves_everything_that_was_acknowledged()
    {
        using var shelf = Shelf.Open(_folder.Path);
        using var copy = new TemporaryFolder();
        for (var i = 0; i < 20; i++)
        {
            await shelf.PutAsync(i, JournalTests.Content(i));
            // What a process killed at this moment leaves behind.
            File.Copy(OnlyFile(), Path.Combine(copy.Path, Path.GetFileName(OnlyFile())), overwrite: true);
            using var survivor = Shelf.Open(copy.Path);
            Assert.Equal(i + 1, survivor.Count);
        }
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Yield();
    }

    private async Task<(byte[] Bytes, int LastStart)> WriteAsync(int records)
    {
        var lastStart = 0;
        using (var shelf = Shelf.Open(_folder.Path))
        {
            for (var i = 0; i < records; i++)
            {
                lastStart = (int)shelf.Journal.FlushedTo;
                await shelf.PutAsync(i, JournalTests.Content(i));
            }
        }
        return (await File.ReadAllBytesAsync(OnlyFile()), lastStart);
    }

    private void Flip(int position)
    {
        var bytes = File.ReadAllBytes(OnlyFile());
        bytes[position] ^= 1;
        File.WriteAllBytes(OnlyFile(), bytes);
    }

    private string OnlyFile() => Assert.Single(Directory.GetFiles(_folder.Path, "*.journal"));
}
