namespace Waybill.EventStore;

/// <summary>Forgets people: the personal fields of events are encrypted under a key for each subject.</summary>
public interface ISubjectStore
{
    /// <summary>
    /// Destroys the subject's keys: what they encrypted reads as <see cref="PersonalAttribute.Forgotten"/> from now on,
    /// in every process. Events of the subject that are appended later get a new key.
    /// </summary>
    /// <returns>
    /// False if the subject has no key. After a failure that too means that it is done: the failed call had deleted the
    /// key, and this one has made sure of what the store does not keep either.
    /// </returns>
    /// <exception cref="StoreUnavailableException">
    /// The store cannot be reached, or could not yet remove every trace of the key from its files; try again.
    /// </exception>
    Task<bool> ForgetSubjectAsync(string subject, CancellationToken cancellation = default);
}
