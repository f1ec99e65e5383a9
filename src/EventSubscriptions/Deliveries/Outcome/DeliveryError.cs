namespace EventSubscriptions.Deliveries.Outcome;

/// <summary>Why an attempt failed.</summary>
/// <param name="Kind">One of <see cref="Destinations.ErrorKind"/>, for programs.</param>
/// <param name="Detail">A sentence for people, without secrets.</param>
public sealed record DeliveryError(string Kind, string Detail);
