using System.Buffers.Binary;
using System.Globalization;
using Azure;
using LocalHost.Storage;

namespace LocalHost.Tables;

/// <summary>
/// Assigns versions to rows: the time in UTC ticks, but always later than every version before, even if the clock is set back or the app
/// restarts. So no ETag is ever reused. Used by the writer thread only.
/// </summary>
internal sealed class RowVersions
{
    // Versions are reserved for a second at a time, so that few writes have to store a reservation. A restart continues after it.
    private const long Reserve = TimeSpan.TicksPerSecond;
    private const string ETagStart = "W/\"datetime'";
    private const string ETagEnd = "'\"";

    private readonly TimeProvider _time;
    private long _last;
    private long _reserved;

    public RowVersions(Database database, TimeProvider time)
    {
        _time = time;
        _last = _reserved = database.Get(KeySpace.TableVersions) is { } stored ? BinaryPrimitives.ReadInt64BigEndian(stored) : 0;
    }

    /// <summary>The ETag of a version, as in Table Storage.</summary>
    public static ETag ETagOf(long version)
    {
        Span<char> time = stackalloc char[28];
        new DateTime(version, DateTimeKind.Utc).TryFormat(time, out _, "O", CultureInfo.InvariantCulture);
        return new ETag($"{ETagStart}{time[..13]}%3A{time[14..16]}%3A{time[17..]}{ETagEnd}");
    }

    /// <summary>The version with this ETag, or 0, which no row has, if the ETag is not valid.</summary>
    public static long Parse(ETag etag)
    {
        var text = etag.ToString();
        return
            text.Length > ETagStart.Length + ETagEnd.Length
            && DateTime.TryParse(
                text[ETagStart.Length..^ETagEnd.Length].Replace("%3A", ":", StringComparison.Ordinal),
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

    /// <summary>A batch with a reservation may not have been stored: the next version reserves anew.</summary>
    public void InvalidateReservation() => _reserved = 0;
}
