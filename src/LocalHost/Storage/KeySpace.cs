namespace LocalHost.Storage;

/// <summary>Who owns which keys: the first byte of a key says it. Whoever adds to it must not take a byte that was ever used for something else.</summary>
internal static class KeySpace
{
    /// <summary>The database's own rows: <see cref="FormatVersion"/> and <see cref="CommitNumber"/>.</summary>
    public const byte Database = 0x00;

    /// <summary>What timers remember. Then the function's name.</summary>
    public const byte Timers = 0x01;

    /// <summary>0x10 to 0x1F: queues.</summary>
    public const byte Queues = 0x10;

    /// <summary>0x20 to 0x2F: tables.</summary>
    public const byte Tables = 0x20;

    /// <summary>The number of the format of everything in here, 4 bytes.</summary>
    public static ReadOnlySpan<byte> FormatVersion => [Database, (byte)'v'];

    /// <summary>The number of the last batch that was written, 8 bytes. It tells whether a batch whose writing failed is stored nevertheless.</summary>
    public static ReadOnlySpan<byte> CommitNumber => [Database, (byte)'c'];
}
