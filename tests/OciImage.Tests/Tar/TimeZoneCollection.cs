namespace OciImage.Tests.Tar;

/// <summary>Tests that change the time zone of the process, and therefore run alone.</summary>
[CollectionDefinition(nameof(TimeZoneCollection), DisableParallelization = true)]
public sealed class TimeZoneCollection;
