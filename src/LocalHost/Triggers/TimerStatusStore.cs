using System.Text;
using System.Text.Json;
using LocalHost.Storage;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Triggers;

/// <summary>Where a timer remembers its last and next run over restarts: a row of its own in the database.</summary>
internal sealed class TimerStatusStore(Database database, string function)
{
    private readonly byte[] _key = KeyOf(function);

    /// <returns>Null if there is none, or none that can be read: the timer then begins anew.</returns>
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

    /// <exception cref="StorageUnavailableException">It can't be stored.</exception>
    public ValueTask WriteAsync(ScheduleStatus status) => database.WriteAsync(new Write(_key, JsonSerializer.SerializeToUtf8Bytes(status)));

    internal static byte[] KeyOf(string function) => [KeySpace.Timers, .. Encoding.UTF8.GetBytes(function)];

    private sealed class Write(byte[] key, byte[] json) : WriteOperation
    {
        public override void Apply(WriteBatch batch) => batch.Put(key, json);
    }
}
