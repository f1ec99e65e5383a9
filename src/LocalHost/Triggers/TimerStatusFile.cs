using System.Text.Json;
using Microsoft.Azure.Functions.Worker;

namespace LocalHost.Triggers;

/// <summary>Where a timer remembers its last and next run over restarts: a file of its own in the data folder.</summary>
internal sealed class TimerStatusFile(string dataDirectory, string function)
{
    private readonly string _path = Path.Combine(dataDirectory, "timers", function + ".json");

    /// <returns>Null where there is none, or none that can be read: the timer then begins anew.</returns>
    public ScheduleStatus? Read()
    {
        try
        {
            return File.Exists(_path) ? JsonSerializer.Deserialize<ScheduleStatus>(File.ReadAllBytes(_path)) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Write(ScheduleStatus status)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var temporary = _path + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(status));
        File.Move(temporary, _path, overwrite: true);
    }
}
