namespace OciImage.Registry.Stores;

/// <summary>What a helper left behind.</summary>
internal readonly record struct HelperResult(int ExitCode, byte[] Output, byte[] Error);
