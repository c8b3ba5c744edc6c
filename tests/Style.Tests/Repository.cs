using System.Text.RegularExpressions;

namespace Waybill.Tests.Style;

/// <summary>A text file of the repository.</summary>
/// <param name="Path">From the root, with slashes.</param>
public sealed record TextFile(string Path, string Text)
{
    /// <summary>Where the pattern is found, as "file:line: text". A pattern may span lines.</summary>
    public IEnumerable<string> Find(string pattern) =>
        from match in Regex.Matches(Text, pattern, RegexOptions.Multiline)
        let line = Text.AsSpan(0, match.Index).Count('\n')
        select $"{Path}:{line + 1}: {Text.Split('\n')[line].Trim()}";
}

/// <summary>The repository around the tests, without what building and running it leaves behind.</summary>
public static class Repository
{
    // Folders with a dot belong to git and editors, except the one with the CI script.
    private static readonly Regex Skipped =
        new(@"^(bin|obj|data|logs|TestResults|BenchmarkDotNet\.Artifacts|\.(?!ci$).*)$");

    public static string Root { get; } = Above(AppContext.BaseDirectory);

    public static IReadOnlyList<TextFile> Files { get; } = [.. Read(new DirectoryInfo(Root))];

    /// <summary>The C# of a folder, or all of it.</summary>
    public static IEnumerable<TextFile> CSharp(string folder = "") => Files.Where(file =>
        file.Path.EndsWith(".cs", StringComparison.Ordinal)
        && (folder == "" || file.Path.StartsWith($"{folder}/", StringComparison.Ordinal)));

    public static TextFile File(string path) => Files.Single(file => file.Path == path);

    private static string Above(string? folder) => folder switch
    {
        null => throw new InvalidOperationException("There is no Orleans.sln above the tests."),
        _ when Path.Exists(Path.Combine(folder, "Orleans.sln")) => folder,
        _ => Above(Path.GetDirectoryName(folder)),
    };

    private static IEnumerable<TextFile> Read(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles())
        {
            if (file.Name == ".git") continue; // What git leaves in a work tree that is not the only one.
            var text = System.IO.File.ReadAllText(file.FullName);
            if (text.Contains('\0')) continue;
            yield return new(Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'), text);
        }

        foreach (var inner in folder.EnumerateDirectories().Where(inner => !Skipped.IsMatch(inner.Name)))
        {
            foreach (var file in Read(inner)) yield return file;
        }
    }
}
