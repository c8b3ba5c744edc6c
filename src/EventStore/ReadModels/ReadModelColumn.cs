using System.Data.Common;
using System.Linq.Expressions;
using System.Reflection;
using Waybill.EventStore.Relational;

namespace Waybill.EventStore.ReadModels;

/// <summary>A column of a read model.</summary>
public abstract class ReadModelColumn
{
    private protected ReadModelColumn(string name, Type type, bool isNullable)
    {
        Name = name;
        Type = type;
        IsNullable = isNullable;
    }

    /// <summary>Its name, in snake_case.</summary>
    public string Name { get; }

    /// <summary>The type of its values.</summary>
    public Type Type { get; }

    /// <summary>True if it can be empty.</summary>
    public bool IsNullable { get; }

    /// <summary>True if its values are stored as text.</summary>
    internal bool IsText => Type == typeof(string) || Type.IsEnum;

    internal string Shape => $"{Name} {(Type.IsEnum ? "enum" : Type.Name)}{(IsNullable ? "?" : "")}";
}

/// <summary>A column of rows of one type.</summary>
internal abstract class ReadModelColumn<TRow> : ReadModelColumn
    where TRow : class
{
    private readonly Func<TRow, string?>? _text;

    private protected ReadModelColumn(string name, Type type, bool isNullable, Func<TRow, string?>? text)
        : base(name, type, isNullable) => _text = text;

    /// <summary>The value in a row, boxed.</summary>
    public abstract object? Value(TRow row);

    /// <summary>The value of a column that is stored as text.</summary>
    public string? Text(TRow row) => _text!(row);

    /// <summary>The expression that reads the value out of a result's column.</summary>
    public abstract Expression ReadExpression(ParameterExpression session, ParameterExpression result, int column);

    /// <summary>Makes something that depends on the type in which the values are stored.</summary>
    public abstract T Accept<T>(IColumnVisitor<TRow, T> visitor);

    /// <summary>The column of a property; null if its type is not one of a column's.</summary>
    public static ReadModelColumn<TRow>? Of(string name, PropertyInfo property)
    {
        var type = property.PropertyType;
        if (type == typeof(string))
        {
            var isNullable = new NullabilityInfoContext().Create(property).ReadState is NullabilityState.Nullable;
            return new Column<string>(name, property, typeof(string), isNullable);
        }
        var underlying = Nullable.GetUnderlyingType(type);
        var plain = underlying ?? type;
        if (!plain.IsEnum && !StoredTypes.Contains(plain))
            return null;
        var stored = plain.IsEnum ? typeof(string) : type;
        return (ReadModelColumn<TRow>)Activator.CreateInstance(
            typeof(Column<>).MakeGenericType(typeof(TRow), stored), name, property, plain, underlying is not null)!;
    }

    private static readonly Type[] StoredTypes =
        [typeof(long), typeof(int), typeof(bool), typeof(Guid), typeof(DateTimeOffset)];

    /// <summary>A column whose values are stored as a type, which is nullable where they are.</summary>
    private sealed class Column<TStored> : ReadModelColumn<TRow>
    {
        private readonly Func<TRow, TStored> _get;
        private readonly Func<TRow, object?> _box;
        private readonly PropertyInfo _property;

        public Column(string name, PropertyInfo property, Type type, bool isNullable)
            : this(name, property, type, isNullable, CompileGet(property, type)) { }

        private Column(
            string name, PropertyInfo property, Type type, bool isNullable, Func<TRow, TStored> get)
            : base(name, type, isNullable, get as Func<TRow, string?>)
        {
            _get = get;
            _property = property;
            var row = Expression.Parameter(typeof(TRow));
            _box = Expression.Lambda<Func<TRow, object?>>(
                Expression.Convert(Expression.Property(row, property), typeof(object)), row).Compile();
        }

        public override object? Value(TRow row) => _box(row);

        public override T Accept<T>(IColumnVisitor<TRow, T> visitor) => visitor.Visit(this, _get);

        public override Expression ReadExpression(
            ParameterExpression session, ParameterExpression result, int column)
        {
            var index = Expression.Constant(column);
            Expression value = Type switch
            {
                var t when t == typeof(string) => Call(result, nameof(DbDataReader.GetString), index),
                var t when t == typeof(long) => Call(result, nameof(DbDataReader.GetInt64), index),
                var t when t == typeof(int) => Call(result, nameof(DbDataReader.GetInt32), index),
                var t when t == typeof(bool) => Call(result, nameof(DbDataReader.GetBoolean), index),
                var t when t == typeof(Guid) => Call(session, nameof(StoreSession.ReadId), result, index),
                var t when t == typeof(DateTimeOffset) => Call(session, nameof(StoreSession.ReadTime), result, index),
                var t => Expression.Call(
                    typeof(EnumText<>).MakeGenericType(t), nameof(EnumText<DayOfWeek>.Parse), [],
                    Call(result, nameof(DbDataReader.GetString), index)),
            };
            if (!IsNullable)
                return value;
            return Expression.Condition(
                Call(result, nameof(DbDataReader.IsDBNull), index),
                Expression.Default(_property.PropertyType),
                Expression.Convert(value, _property.PropertyType));
        }

        private static MethodCallExpression Call(Expression target, string method, params Expression[] arguments) =>
            Expression.Call(target, method, [], arguments);

        // Enums are kept by their names, so that the tables can be read, and queried, without this code.
        private static Func<TRow, TStored> CompileGet(PropertyInfo property, Type type)
        {
            var row = Expression.Parameter(typeof(TRow));
            Expression value = Expression.Property(row, property);
            if (type.IsEnum)
                value = Expression.Call(
                    typeof(EnumText<>).MakeGenericType(type), nameof(EnumText<DayOfWeek>.Of), [], Expression.Convert(
                        value, typeof(Nullable<>).MakeGenericType(type)));
            else if (type == typeof(DateTimeOffset))
                value = Expression.Call(typeof(StoredTime), nameof(StoredTime.Of), [], value);
            return Expression.Lambda<Func<TRow, TStored>>(value, row).Compile();
        }
    }
}

/// <summary>Makes something of a column, by the type in which its values are stored.</summary>
internal interface IColumnVisitor<TRow, T>
    where TRow : class
{
    T Visit<TStored>(ReadModelColumn<TRow> column, Func<TRow, TStored> get);
}

/// <summary>Enums as text, without reflection for each.</summary>
internal static class EnumText<TEnum>
    where TEnum : struct, Enum
{
    private static readonly Dictionary<TEnum, string> Names =
        Enum.GetValues<TEnum>().Distinct().ToDictionary(value => value, value => value.ToString());

    private static readonly Dictionary<string, TEnum> Values = Names.ToDictionary(pair => pair.Value, pair => pair.Key);

    public static string? Of(TEnum? value) =>
        value is { } given ? Names.TryGetValue(given, out var name) ? name : given.ToString() : null;

    public static TEnum Parse(string text) => Values.TryGetValue(text, out var value) ? value : Enum.Parse<TEnum>(text);
}

/// <summary>Times as they are kept: in UTC, to the microsecond.</summary>
internal static class StoredTime
{
    public static DateTimeOffset Of(DateTimeOffset time) =>
        new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    public static DateTimeOffset? Of(DateTimeOffset? time) => time is { } given ? Of(given) : null;
}
