namespace LocalHost.Storage;

/// <summary>
/// Who owns which keys: the first byte of a key says it. Whoever adds to it must not take a byte that was ever used for something else.
/// </summary>
internal static class KeySpace
{
    /// <summary>The database's own rows: <see cref="FormatVersion"/> and <see cref="CommitNumber"/>.</summary>
    public const byte Database = 0x00;

    /// <summary>What timers remember. Then the function's name.</summary>
    public const byte Timers = 0x01;

    /// <summary>
    /// 0x10 to 0x1F: queues. Then, but for this one, the queue's number (2 bytes); numbers are big-endian, so that their order is that of
    /// the keys.
    /// </summary>
    /// <remarks>The queue's name in lower case; the value is its number.</remarks>
    public const byte Queues = 0x10;

    /// <summary>The counts and positions of a queue.</summary>
    public const byte QueueState = 0x11;

    /// <summary>Messages that wait or are locked. Then the sequence number (8 bytes).</summary>
    public const byte Messages = 0x12;

    /// <summary>Dead letters. Then a number (8 bytes) in the order in which they were dead-lettered.</summary>
    public const byte DeadLetters = 0x13;

    /// <summary>Scheduled messages. Then the UTC ticks at which they are due (8 bytes) and the sequence number (8).</summary>
    public const byte Scheduled = 0x14;

    /// <summary>How often a message was delivered, if that isn't known otherwise. Then its key without the queue's number.</summary>
    public const byte DeliveryCounts = 0x15;

    /// <summary>Hashes of message ids, for duplicate detection. Then UTC ticks (8 bytes) and the last sequence number (8).</summary>
    public const byte DuplicateHistory = 0x16;

    /// <summary>0x20 to 0x2F: tables. Here, which there are: then the name in upper case. The value is empty.</summary>
    public const byte TableNames = 0x20;

    /// <summary>
    /// The rows of tables. Then the name in upper case, a zero, the partition key, a zero and the row key, so that their order is that of
    /// the keys. The value is the row's version (8 bytes), which is its timestamp and makes its ETag, and its properties.
    /// </summary>
    public const byte TableRows = 0x21;

    /// <summary>One row: a version (8 bytes) that no table row has exceeded.</summary>
    public static ReadOnlySpan<byte> TableVersions => [0x22];

    /// <summary>The number of the format of everything in here, 4 bytes.</summary>
    public static ReadOnlySpan<byte> FormatVersion => [Database, (byte)'v'];

    /// <summary>
    /// The number of the last batch that was written, 8 bytes. It tells whether a batch whose writing failed is stored nevertheless.
    /// </summary>
    public static ReadOnlySpan<byte> CommitNumber => [Database, (byte)'c'];
}
