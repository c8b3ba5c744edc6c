namespace Waybill.EventStore;

/// <summary>
/// Marks a text of an event that is about a person. It is stored encrypted, under a key of the event's
/// <see cref="SubjectAttribute"/>, and is gone for good once that subject is forgotten.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class PersonalAttribute : Attribute
{
    /// <summary>What the text reads as once its subject has been forgotten.</summary>
    public const string Forgotten = "[forgotten]";
}

/// <summary>Marks the text of an event that says whom its personal texts are about; it stays readable itself.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class SubjectAttribute : Attribute;
