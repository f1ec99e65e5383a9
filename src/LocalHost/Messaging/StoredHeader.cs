using System.Runtime.InteropServices;

namespace LocalHost.Messaging;

/// <summary>The header of a <see cref="StoredMessage"/>, which the queue fills in.</summary>
/// <param name="SequenceNumber">The sequence number.</param>
/// <param name="DeliveryCount">How often the message was received when it was written.</param>
/// <param name="Enqueued">UTC ticks; for a scheduled message, when it is due.</param>
/// <param name="BodyStart">The position of the body in the stored message.</param>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal readonly record struct StoredHeader(long SequenceNumber, int DeliveryCount, long Enqueued, int BodyStart);
