using System.CommandLine;
using System.CommandLine.Parsing;
using OciImage.Cli.Locations;

namespace OciImage.Cli.Commands;

/// <summary>The arguments and options that several commands take.</summary>
internal static class Arguments
{
    private const string LocationHelp = "HOST/REPO[:TAG][@DIGEST] or oci:DIR[:TAG] or oci-archive:FILE[:NAME] or docker-archive:FILE[:NAME]";

    public static Argument<ImageLocation> Location(string name, string description, string side = "") =>
        Parsed(name, $"{description}: {LocationHelp}.", ImageLocation.Parse, side);

    /// <summary>A place that is written to, whose name means the same on every machine: no search registries, no aliases.</summary>
    public static Argument<ImageLocation> Destination(string name, string description, string side = "") =>
        Parsed(name, $"{description}: {LocationHelp}.", ImageLocation.ParseDestination, side);

    /// <summary>One place or several to read from.</summary>
    public static Argument<ImageLocation[]> Locations(string name, string description) => new(name)
    {
        Description = $"{description}: {LocationHelp}.",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            try
            {
                return [.. result.Tokens.Select(token => ImageLocation.Parse(token.Value, IsNamespaced(result, "")))];
            }
            catch (UsageException exception)
            {
                result.AddError(exception.Message);
                return [];
            }
        },
    };

    public static Argument<ImageLocation> Layout(string name, string description) =>
        Parsed<ImageLocation>(name, $"{description}: DIR[:TAG].", ImageLocation.ParseLayout);

    public static Option<ImageLocation[]> Sources(string name, string description) => new(name)
    {
        Description = $"{description}: {LocationHelp}.",
        HelpName = "LOC",
        CustomParser = result =>
        {
            try
            {
                return [.. result.Tokens.Select(token => ImageLocation.Parse(token.Value))];
            }
            catch (UsageException exception)
            {
                result.AddError(exception.Message);
                return [];
            }
        },
    };

    public static Option<Platform[]> Platforms(string description) => new("--platform")
    {
        Description = description,
        HelpName = "OS/ARCH[/VARIANT]",
        CustomParser = result => [.. result.Tokens.Select(token => ParsePlatform(token, result)).OfType<Platform>()],
    };

    public static Option<Platform?> Platform(string description) => new("--platform")
    {
        Description = description,
        HelpName = "OS/ARCH[/VARIANT]",
        CustomParser = result => ParsePlatform(result.Tokens[0], result),
    };

    public static Option<string?> OutputFile() => new("--output", "-o")
    {
        Description = "Write to this file instead of the standard output; it appears only when all was verified.",
        HelpName = "FILE",
    };

    private static Argument<T> Parsed<T>(
        string name, string description, Func<string, bool, T> parse, string side = "") => new(name)
    {
        Description = description,
        CustomParser = result =>
        {
            try
            {
                return parse(result.Tokens[0].Value, IsNamespaced(result, side));
            }
            catch (UsageException exception)
            {
                result.AddError(exception.Message);
                return default!;
            }
        },
    };

    private static bool IsNamespaced(ArgumentResult result, string side) =>
        result.GetResult(CommandContext.NamespaceName) is not null ||
        (side.Length > 0 && result.GetResult($"--{side}-namespace") is not null);

    private static Platform? ParsePlatform(Token token, ArgumentResult result)
    {
        try
        {
            return OciImage.Platform.Parse(token.Value);
        }
        catch (FormatException exception)
        {
            result.AddError(exception.Message);
            return null;
        }
    }
}
