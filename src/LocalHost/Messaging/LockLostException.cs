namespace LocalHost.Messaging;

/// <summary>The message's lock has expired, or the message was settled.</summary>
internal sealed class LockLostException(string queue)
    : InvalidOperationException($"The lock of a message in {queue} is invalid. Either it has expired, or the message was already settled.");
