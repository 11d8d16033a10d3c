namespace OciImage.Cli.Output;

/// <summary>Says how progress is shown.</summary>
internal enum ProgressStyle
{
    Auto,
    Bar,
    Plain,
    Json,
    None,
}
