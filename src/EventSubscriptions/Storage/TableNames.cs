namespace EventSubscriptions.Storage;

/// <summary>The tables. They are created at start.</summary>
public static class TableNames
{
    public const string Subscriptions = "subscriptions";
    public const string EventArchive = "eventarchive";
    public const string DeliveryLog = "deliverylog";
    public const string AuditLog = "auditlog";
    public const string RelayCursors = "relaycursors";
    public const string ApiKeys = "apikeys";
    public const string Replays = "replays";
    public const string Retention = "retention";
    public const string EventTypes = "eventtypes";
    public const string Statistics = "statistics";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [Subscriptions, EventArchive, DeliveryLog, AuditLog, RelayCursors, ApiKeys, Replays, Retention, EventTypes, Statistics];
}
