using System.Security.Cryptography;

namespace Waybill.EventStore.Personal;

/// <summary>The key under which a subject's personal texts are encrypted. Only the database keeps it.</summary>
/// <param name="Id">Names it in each row that needs it.</param>
/// <param name="Key">The key, <see cref="SealedTexts.KeySize"/> bytes.</param>
internal sealed record SubjectKey(Guid Id, byte[] Key)
{
    public static SubjectKey New() =>
        new(Guid.CreateVersion7(), RandomNumberGenerator.GetBytes(SealedTexts.KeySize));

    // A record writes out its members wherever it is logged.
    /// <inheritdoc/>
    public override string ToString() => $"key {Id}";
}
