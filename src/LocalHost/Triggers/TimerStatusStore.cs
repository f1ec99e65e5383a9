using System.Text;
using System.Text.Json;
using LocalHost.Storage;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Triggers;

/// <summary>Stores the last and the next run of a timer.</summary>
internal sealed class TimerStatusStore(Database database, string function)
{
    private readonly byte[] _key = KeyOf(function);

    /// <returns>Null if there is none or it can't be read; the timer then starts afresh.</returns>
    public ScheduleStatus? Read()
    {
        try
        {
            return database.Get(_key) is { } json ? JsonSerializer.Deserialize<ScheduleStatus>(json) : null;
        }
        catch (Exception exception) when (exception is JsonException or StorageUnavailableException)
        {
            return null;
        }
    }

    /// <exception cref="StorageUnavailableException">The database can't be written.</exception>
    public ValueTask WriteAsync(ScheduleStatus status) =>
        database.WriteAsync(new PutOperation(_key, JsonSerializer.SerializeToUtf8Bytes(status)));

    internal static byte[] KeyOf(string function) => [KeySpace.Timers, .. Encoding.UTF8.GetBytes(function)];

    private sealed class PutOperation(byte[] key, byte[] json) : WriteOperation
    {
        public override void Apply(WriteBatch batch) => batch.Put(key, json);
    }
}
