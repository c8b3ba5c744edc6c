using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Storage;

namespace Waybill.Tests.Persistence;

[GenerateSerializer]
public sealed class Page
{
    [Id(0)]
    public List<string> Lines { get; set; } = [];
}

/// <summary>Without a constructor that takes nothing: the first one is made without any.</summary>
[GenerateSerializer]
public sealed record Secret(string? What);

public interface INotebook : IGrainWithStringKey
{
    Task Add(string line);

    Task Write();

    Task<bool> TryWrite();

    Task MakeWrite(INotebook other);

    Task Read();

    Task Clear();

    Task Conceal(string what);

    Task<string?> Concealed();

    Task<List<string>> Lines();

    Task<(bool Exists, string? ETag)> Record();

    Task<int> SeenWhenActivated();

    Task<Guid> Life();
}

public sealed class NotebookGrain(
    [PersistentState("page")] IPersistentState<Page> page,
    [PersistentState("secret", "drawer")] IPersistentState<Secret> secret) : Grain, INotebook
{
    private readonly Guid _life = Guid.NewGuid();
    private int _seen;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _seen = page.State.Lines.Count;
        return Task.CompletedTask;
    }

    public Task Add(string line)
    {
        page.State.Lines.Add(line);
        return Task.CompletedTask;
    }

    public Task Write() => page.WriteStateAsync();

    public async Task<bool> TryWrite()
    {
        try
        {
            await page.WriteStateAsync();
            return true;
        }
        catch (InconsistentStateException)
        {
            return false;
        }
    }

    public Task MakeWrite(INotebook other) => other.Write();

    public Task Read() => page.ReadStateAsync();

    public Task Clear() => page.ClearStateAsync();

    public Task Conceal(string what)
    {
        secret.State = new Secret(what);
        return secret.WriteStateAsync();
    }

    public Task<string?> Concealed() => Task.FromResult(secret.State.What);

    public Task<List<string>> Lines() => Task.FromResult(page.State.Lines);

    public Task<(bool Exists, string? ETag)> Record() => Task.FromResult((page.RecordExists, page.Etag));

    public Task<int> SeenWhenActivated() => Task.FromResult(_seen);

    public Task<Guid> Life() => Task.FromResult(_life);
}

public interface IHastyNotebook : IGrainWithStringKey
{
    Task AddAndWrite(string line);

    Task<List<string>> Lines();
}

[Reentrant]
public sealed class HastyNotebookGrain([PersistentState("page")] IPersistentState<Page> page) : Grain, IHastyNotebook
{
    public async Task AddAndWrite(string line)
    {
        await Task.Yield();
        page.State.Lines.Add(line);
        await page.WriteStateAsync();
    }

    public Task<List<string>> Lines() => Task.FromResult(page.State.Lines);
}

public interface IHomelessNotebook : IGrainWithStringKey
{
    Task Call();
}

public sealed class HomelessNotebookGrain([PersistentState("page", "attic")] IPersistentState<Page> page)
    : Grain, IHomelessNotebook
{
    public Task Call() => page.WriteStateAsync();
}

public interface IBrokenNotebook : IGrainWithStringKey
{
    Task Write();

    Task<bool> Exists();
}

public sealed class BrokenNotebookGrain([PersistentState("page", "broken")] IPersistentState<Page> page)
    : Grain, IBrokenNotebook
{
    public Task Write() => page.WriteStateAsync();

    public Task<bool> Exists() => Task.FromResult(page.RecordExists);
}

/// <summary>Storage of the host's own, which can be read but not written.</summary>
public sealed class BrokenStorage : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new IOException("The disk is full.");

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => Task.CompletedTask;
}
