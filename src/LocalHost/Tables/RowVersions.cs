using System.Buffers.Binary;
using System.Globalization;
using Azure;
using LocalHost.Storage;

namespace LocalHost.Tables;

/// <summary>
/// The versions that rows get: the time in ticks of UTC, and later than every version before, also if the clock is set back or the app
/// restarted. So no ETag is ever used twice. For the writer thread alone.
/// </summary>
internal sealed class RowVersions
{
    // A second's worth of versions is stored as used in advance, so that few writes have to store another. A restart goes on from there.
    private const long Reserve = TimeSpan.TicksPerSecond;
    private const string Start = "W/\"datetime'";
    private const string End = "'\"";

    private readonly TimeProvider _time;
    private long _last;
    private long _reserved;

    public RowVersions(Database database, TimeProvider time)
    {
        _time = time;
        _last = _reserved = database.Get(KeySpace.TableVersions) is { } stored ? BinaryPrimitives.ReadInt64BigEndian(stored) : 0;
    }

    /// <summary>The ETag that the Table service gives to a row of this time.</summary>
    public static ETag ETagOf(long version)
    {
        Span<char> time = stackalloc char[28];
        new DateTime(version, DateTimeKind.Utc).TryFormat(time, out _, "O", CultureInfo.InvariantCulture);
        return new ETag($"{Start}{time[..13]}%3A{time[14..16]}%3A{time[17..]}{End}");
    }

    /// <summary>The version with this ETag; 0, which no row has, if it is not one of this store's.</summary>
    public static long Parse(ETag etag)
    {
        var text = etag.ToString();
        return
            text.Length > Start.Length + End.Length
            && DateTime.TryParse(
                text[Start.Length..^End.Length].Replace("%3A", ":", StringComparison.Ordinal),
                CultureInfo.InvariantCulture,
                DateTimeStyles.RoundtripKind,
                out var time
            )
            && ETagOf(time.Ticks) == etag
            ? time.Ticks
            : 0;
    }

    public long Next(WriteBatch batch)
    {
        _last = Math.Max(_time.GetUtcNow().UtcTicks, _last + 1);
        if (_last > _reserved)
        {
            _reserved = _last + Reserve;
            BinaryPrimitives.WriteInt64BigEndian(batch.Put(KeySpace.TableVersions, sizeof(long)), _reserved);
        }

        return _last;
    }

    /// <summary>A batch in which versions were reserved may not have been stored.</summary>
    public void Lost() => _reserved = 0;
}
