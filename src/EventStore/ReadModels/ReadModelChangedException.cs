namespace Waybill.EventStore.ReadModels;

/// <summary>A read model is declared in another shape than the tables have that were made for its version.</summary>
public sealed class ReadModelChangedException(ReadModel model)
    : Exception($"The columns of the read model {model.Name} are not those that version {model.Version} was made with. "
        + "Raise its version; the new one is then built beside the old one.");

/// <summary>A row holds what no table can: to be treated like an error of the projection that made it.</summary>
public sealed class UnstorableRowException(string reason) : Exception(reason);
