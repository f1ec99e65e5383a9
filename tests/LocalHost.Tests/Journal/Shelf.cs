using System.Buffers.Binary;
using System.Collections.Concurrent;
using LocalHost.Journaling;
using Microsoft.Extensions.Logging.Abstractions;

namespace LocalHost.Tests.Journaling;

/// <summary>The simplest state a journal can keep: the last content put under each number.</summary>
internal sealed class Shelf : IJournalParticipant, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Journal _journal;
    private readonly ConcurrentDictionary<int, JournalAddress> _contents = new();
    private long _liveBytes;

    private Shelf(string folder, JournalOptions? options) => _journal = new Journal(folder, options ?? new(), NullLogger.Instance);

    public byte Kind => 1;

    public long LiveBytes => Interlocked.Read(ref _liveBytes);

    public Journal Journal => _journal;

    public List<long> FlushedTo { get; } = [];

    public int Count => _contents.Count;

    public Action AfterRelocation { get; set; } = () => { };

    public Action AfterFlush { get; set; } = () => { };

    public static Shelf Open(string folder, JournalOptions? options = null)
    {
        var shelf = new Shelf(folder, options);
        try
        {
            shelf._journal.Open([shelf], shelf.OnFlushed);
        }
        catch
        {
            shelf.Dispose();
            throw;
        }
        return shelf;
    }

    public JournalAddress Put(int number, ReadOnlySpan<byte> content)
    {
        Span<byte> header = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(header, number);
        lock (_gate)
        {
            var address = _journal.Append(Kind, header, content);
            Set(number, address);
            return address;
        }
    }

    public async Task PutAsync(int number, byte[] content) => await _journal.FlushedAsync(Put(number, content));

    public byte[]? Get(int number)
    {
        while (_contents.TryGetValue(number, out var address))
        {
            var record = new byte[address.Length];
            if (_journal.TryRead(address, record))
            {
                Assert.Equal(number, BinaryPrimitives.ReadInt32LittleEndian(record));
                return record[sizeof(int)..];
            }
        }
        return null;
    }

    public void Replay(JournalAddress address, ReadOnlySpan<byte> record) => Set(BinaryPrimitives.ReadInt32LittleEndian(record), address);

    public void Relocate(JournalAddress address, ReadOnlySpan<byte> record)
    {
        lock (_gate)
        {
            var number = BinaryPrimitives.ReadInt32LittleEndian(record);
            if (_contents[number] == address)
                Set(number, _journal.Append(Kind, record));
        }
        AfterRelocation();
    }

    public void Dispose() => _journal.Dispose();

    private void OnFlushed(long position)
    {
        FlushedTo.Add(position);
        AfterFlush();
    }

    private void Set(int number, JournalAddress address)
    {
        _contents.TryGetValue(number, out var before);
        _contents[number] = address;
        Interlocked.Add(ref _liveBytes, address.Length - before.Length);
    }
}
