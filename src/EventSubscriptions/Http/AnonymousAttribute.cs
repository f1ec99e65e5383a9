namespace EventSubscriptions.Http;

/// <summary>Marks a function that requires no key.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AnonymousAttribute : Attribute;
