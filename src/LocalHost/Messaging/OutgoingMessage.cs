using System.Runtime.InteropServices;

namespace LocalHost.Messaging;

/// <summary>A message in an <see cref="OutgoingBatch"/>.</summary>
/// <param name="Start">The position of its content in the bytes of the batch.</param>
/// <param name="BodyStart">The position of its body, which follows the content.</param>
/// <param name="End">The position after its body.</param>
/// <param name="MessageId">The message id, if any.</param>
/// <param name="Key">The hash of the message id, if any.</param>
/// <param name="Scheduled">The UTC ticks from which it can be received; a time in the past means at once.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct OutgoingMessage(int Start, int BodyStart, int End, string? MessageId, DuplicateKey? Key, long Scheduled);
