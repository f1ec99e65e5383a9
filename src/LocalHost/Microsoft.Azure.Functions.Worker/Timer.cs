namespace Microsoft.Azure.Functions.Worker;

public class TimerInfo
{
    internal TimerInfo() { }

    internal ScheduleStatus? ScheduleStatus { get; set; }

    internal bool IsPastDue { get; set; }
}

internal sealed class ScheduleStatus
{
    public DateTime Last { get; set; }

    public DateTime Next { get; set; }

    public DateTime LastUpdated { get; set; }
}
