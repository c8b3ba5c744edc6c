namespace Waybill.EventStore.Sqlite;

/// <summary>
/// Keeps a second process off the database. The lock is the operating system's, on an open file beside the database, so
/// it goes with the process however that ends; the empty file itself stays.
/// </summary>
internal sealed class ProcessLock : IDisposable
{
    private readonly FileStream _file;

    private ProcessLock(FileStream file) => _file = file;

    /// <exception cref="StoreInUseException">Another process, or another store in this one, holds it.</exception>
    public static ProcessLock Take(string databasePath)
    {
        var path = databasePath + ".lock";
        try
        {
            return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException held) when (held is not DirectoryNotFoundException)
        {
            throw new StoreInUseException(
                $"The event store {databasePath} is in use by another process. Stop that one first, or choose another "
                + "data directory.",
                held);
        }
    }

    public void Dispose() => _file.Dispose();
}
