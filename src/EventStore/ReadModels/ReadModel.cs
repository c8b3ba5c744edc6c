using System.Linq.Expressions;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Waybill.EventStore.ReadModels;

/// <summary>A table of rows that a projection keeps, as it is declared once in code.</summary>
public abstract partial class ReadModel
{
    // PostgreSQL cuts names at 63 bytes; this leaves room for version, generation and index.
    private const int NameLengthMax = 40;

    private protected ReadModel(
        string name,
        int version,
        IReadOnlyList<ReadModelColumn> columns,
        IReadOnlyList<string> key,
        IReadOnlyList<IReadOnlyList<string>> indexes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(version);
        if (!Identifier().IsMatch(name) || name.Length > NameLengthMax)
            throw new ArgumentException($"A read model's name is snake_case and short; '{name}' is not.");
        Name = name;
        Version = version;
        Columns = columns;
        Key = Find(key);
        Indexes = [.. indexes.Select(Find)];
        if (Key.Any(column => column.IsNullable))
            throw new ArgumentException($"A key column of {name} is nullable.");
    }

    /// <summary>The name, in snake_case.</summary>
    public string Name { get; }

    /// <summary>The version of the shape, from 1. Each version has tables of its own.</summary>
    public int Version { get; }

    /// <summary>The name under which the rows are queried, and the projection is known: <c>name_v1</c>.</summary>
    public string View => $"{Name}_v{Version}";

    /// <summary>The columns, in order.</summary>
    public IReadOnlyList<ReadModelColumn> Columns { get; }

    /// <summary>The columns whose values tell the rows apart, in the order in which the rows are ordered.</summary>
    public IReadOnlyList<ReadModelColumn> Key { get; }

    /// <summary>The columns of each further index. Another choice takes effect with the next rebuild.</summary>
    public IReadOnlyList<IReadOnlyList<ReadModelColumn>> Indexes { get; }

    // What must not change without a new version.
    internal string Shape => field ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(
        '\n', [.. Columns.Select(column => column.Shape), .. Key.Select(column => column.Name)]))))[..16];

    internal string Table(long generation) => $"{View}_g{generation}";

    internal ReadModelColumn[] Find(IReadOnlyList<string> names) => names.Count == 0
        ? throw new ArgumentException($"The key and each index of {Name} need a column at least.")
        : [.. names.Select(name => Columns.SingleOrDefault(column => column.Name == SnakeCase(name))
            ?? throw new ArgumentException($"{Name} has no column {name}."))];

    private protected static string SnakeCase(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    [GeneratedRegex(@"^[a-z][a-z0-9_]*\z")]
    private static partial Regex Identifier();
}

/// <summary>A read model whose rows are records.</summary>
/// <typeparam name="TRow">
/// A record with one constructor; each of its parameters is a column, named in snake_case. They are texts, longs, ints,
/// bools, Guids, times (kept to the microsecond, in UTC) and enums (kept as text), or nullable ones.
/// </typeparam>
public sealed class ReadModel<TRow> : ReadModel
    where TRow : class
{
    /// <summary>
    /// How many bytes the texts of a key, or of an index, may have together: PostgreSQL takes no more than 2,704 in
    /// all.
    /// </summary>
    private const int IndexedBytesMax = 2_500;

    private readonly ReadModelColumn<TRow>[][] _indexedTexts;

    /// <param name="name">In snake_case.</param>
    /// <param name="version">
    /// From 1; to be raised whenever the columns or the key change, or what is put into them.
    /// </param>
    /// <param name="key">The properties, or columns, of the key.</param>
    /// <param name="indexes">Those of each further index.</param>
    /// <exception cref="ArgumentException">The row's type, or a name, will not do.</exception>
    public ReadModel(
        string name, int version, IReadOnlyList<string> key, IReadOnlyList<IReadOnlyList<string>>? indexes = null)
        : base(name, version, ColumnsOf(name), key, indexes ?? [])
    {
        TypedColumns = [.. Columns.Cast<ReadModelColumn<TRow>>()];
        TypedKey = [.. Key.Cast<ReadModelColumn<TRow>>()];
        _indexedTexts = [.. Indexes.Append(Key)
            .Select(columns => columns.Where(column => column.IsText).Cast<ReadModelColumn<TRow>>().ToArray())
            .Where(columns => columns.Length > 0)];
        ReadRow = CompileReader();
    }

    internal IReadOnlyList<ReadModelColumn<TRow>> TypedColumns { get; }

    internal IReadOnlyList<ReadModelColumn<TRow>> TypedKey { get; }

    /// <summary>Makes a row out of the columns of a result, in order.</summary>
    internal RowReader<TRow> ReadRow { get; }

    /// <summary>The key of a row.</summary>
    public RowKey KeyOf(TRow row) => TypedKey is [var one]
        ? RowKey.Of(one.Value(row)!)
        : RowKey.Of([.. TypedKey.Select(column => column.Value(row)!)]);

    /// <summary>Finds out before a commit what would fail it.</summary>
    /// <exception cref="UnstorableRowException">A text cannot be stored, or is too long for an index.</exception>
    public void Check(TRow row)
    {
        foreach (var column in TypedColumns)
            if (column.IsText && !StorableText.Is(column.Text(row)))
                throw new UnstorableRowException(
                    $"The column {column.Name} of {Name} has a NUL or half a surrogate pair in it.");
        foreach (var columns in _indexedTexts)
        {
            var bytes = 0;
            foreach (var column in columns)
                bytes += Encoding.UTF8.GetByteCount(column.Text(row) ?? "");
            if (bytes > IndexedBytesMax)
                throw new UnstorableRowException(
                    $"The column {columns[0].Name} of {Name} is indexed and takes no text of {bytes} bytes.");
        }
    }

    /// <summary>Finds out whether a key can be one of the model's.</summary>
    /// <exception cref="ArgumentException">It has other values, in number or type.</exception>
    public void Check(RowKey key)
    {
        if (key.Count != Key.Count)
            throw new ArgumentException($"A key of {Name} has {Key.Count} values, not {key.Count}.");
        for (var i = 0; i < Key.Count; i++)
            if (key[i].GetType() != Key[i].Type)
                throw new ArgumentException($"The key column {Key[i].Name} of {Name} is of type {Key[i].Type}.");
    }

    private static ReadModelColumn<TRow>[] ColumnsOf(string model)
    {
        var constructor = Constructor(model);
        return [.. constructor.GetParameters().Select(parameter => Column(model, parameter))];
    }

    // A record that is not sealed has a protected constructor for copies besides.
    private static ConstructorInfo Constructor(string model) =>
        typeof(TRow).GetConstructors() is [var only] && only.GetParameters().Length > 0
            ? only
            : throw new ArgumentException($"The row of {model} has not just one constructor, with a column at least.");

    private static ReadModelColumn<TRow> Column(string model, ParameterInfo parameter)
    {
        var property = typeof(TRow).GetProperty(parameter.Name!)
            ?? throw new ArgumentException($"The row of {model} has no property {parameter.Name}.");
        return ReadModelColumn<TRow>.Of(SnakeCase(parameter.Name!), property)
            ?? throw new ArgumentException(
                $"The column {parameter.Name} of {model} is of a type that no column has: {parameter.ParameterType}.");
    }

    // new TRow(column 0, column 1, ...)
    private RowReader<TRow> CompileReader()
    {
        var session = Expression.Parameter(typeof(Relational.StoreSession));
        var result = Expression.Parameter(typeof(System.Data.Common.DbDataReader));
        var values = TypedColumns.Select((column, i) => column.ReadExpression(session, result, i));
        return Expression.Lambda<RowReader<TRow>>(
            Expression.New(Constructor(Name), values), session, result).Compile();
    }
}

/// <summary>Makes a row out of a result's columns.</summary>
internal delegate TRow RowReader<TRow>(Relational.StoreSession session, System.Data.Common.DbDataReader result);
