namespace Waybill.Tests;

/// <summary>A directory of its own for a server's data, which is removed in the end.</summary>
internal sealed class DataDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("waybill-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
