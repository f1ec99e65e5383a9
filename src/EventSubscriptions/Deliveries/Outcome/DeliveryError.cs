using EventSubscriptions.Destinations;

namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>Why an attempt failed.</summary>
/// <param name="Kind">For programs.</param>
/// <param name="Detail">A sentence for people, without secrets.</param>
public sealed record DeliveryError(ErrorKind Kind, string Detail);
