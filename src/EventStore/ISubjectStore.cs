namespace Waybill.EventStore;

/// <summary>Forgets people: the personal fields of events are encrypted under a key for each subject.</summary>
public interface ISubjectStore
{
    /// <summary>
    /// Destroys the subject's keys: what they encrypted reads as <see cref="PersonalAttribute.Forgotten"/> from now on,
    /// in every process. Events of the subject that are appended later get a new key.
    /// </summary>
    /// <returns>False if the subject has no key.</returns>
    /// <exception cref="StoreUnavailableException">The store cannot be reached; try again.</exception>
    Task<bool> ForgetSubjectAsync(string subject, CancellationToken cancellation = default);
}
