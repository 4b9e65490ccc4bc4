package FakeGemini::Refs;

# What the body of a request refers to, at any depth, and whether the project
# that asks may: files, caches, stores, interactions, tokens and the like.

use Mojo::Base -strict, -signatures;

use Exporter 'import';
use FakeGemini::Long qw(signature_trouble token_trouble);

our @EXPORT_OK = qw(foreign_reference is_reference);

my $host = qr{https?://generativelanguage\.googleapis\.com};

# the name of a member, small and without "_" => what it names
my %member = (
    fileuri              => 'file',
    uri                  => 'file',
    filename             => 'file',
    inputfileid          => 'file',
    cachedcontent        => 'cache',
    filesearchstorenames => 'store',
    continuationtoken    => 'token',
    thoughtsignature     => 'signature',
    signature            => 'signature',
);

# those that only mean something at the top
my %top = (
    agent                 => 'agent',
    environment           => 'environment',
    environmentid         => 'environment',
    previousinteractionid => 'interaction',
);

# below these is data of the client's
my %opaque = map { $_ => 1 } qw(
    args arguments response result parameters parametersjsonschema
    responseschema responsejsonschema schema metadata custommetadata labels
);

my %check = (
    file        => \&check_file,
    cache       => \&check_cache,
    store       => sub { check_owner('fileSearchStores', @_) },
    environment => sub { check_owner('environments', @_) },
    interaction => sub { check_owner('interactions', @_) },
    agent       => \&check_agent,
    token       => sub ($value, $app, $req) { token_trouble($value, $req) },
    signature   => sub ($value, $app, $req) {
        signature_trouble($value, $req);
    },
);

my $any = join '|', qw(file_?[uU]ri uri file_?[nN]ame input_file_id
    cached_?[cC]ontent file_?[sS]earch_?[sS]tore_?[nN]ames
    continuation_?[tT]oken thought_?[sS]ignature signature agent environment
    environment_id previous_interaction_id);


# a regular expression for RefScan
sub is_reference () {
    return qr/$any/;
}


# the name of the error and its options, or nothing
sub foreign_reference ($app, $req) {
    my $top = $req->{surface} eq 'interactions' ? \%top : {};
    my @found;

    if ($req->{spooled}) {
        @found = grep { defined $_->[0] }
            map { [$member{plain($_->[0])} // $top->{plain($_->[0])},
                   $_->[1]] } @{$req->{references} // []};

    } elsif (!defined $req->{body} || $req->{body} =~ /$any/) {
        walk($req->{data}, $top, \@found);
    }

    for my $pair (@found) {
        my ($what, $value) = @$pair;
        my @bad = $check{$what}->($value, $app, $req);
        return @bad if @bad;
    }

    return cache_and_more($req) if $req->{cache};
    return;
}


sub plain ($name) {
    return lc($name =~ s/_//gr);
}


sub walk ($data, $top, $found) {
    if (ref $data eq 'ARRAY') {
        walk($_, {}, $found) for @$data;
        return;
    }

    return if ref $data ne 'HASH';

    for my $name (sort keys %$data) {
        my ($value, $plain) = ($data->{$name}, plain($name));
        my $what = $member{$plain} // $top->{$plain};

        if (!defined $what) {
            walk($value, {}, $found)
                if ref $value && !$opaque{$plain};
            next;
        }

        push @$found, map { [$what, $_] } grep { defined && !ref }
            ref $value eq 'ARRAY' ? @$value : $value;
    }

    return;
}


# a name of our host's, or a bare one; other addresses are nobody's
sub check_file ($value, $app, $req) {
    my ($id) = $value =~ m{^(?:$host/v1\w*/)?files/([\w-]+)(?:[:?].*)?$};

    return unless defined $id;

    my $file = $app->store->own('files', $id, $req)
        // return $app->store->refusal('files', $id);

    return ('file_inactive', {file => $id})
        if ($file->{state} // '') eq 'PROCESSING';

    return;
}


sub check_cache ($value, $app, $req) {
    my ($id) = $value =~ m{^(?:cachedContents/)?([\w-]+)$};
    my $cache = $app->store->own('cachedContents', $id, $req)
        // return $app->store->refusal('cachedContents', $id);

    return ('cache_model', {body_model => $cache->{model},
                            path_model => 'models/' . $req->{model}})
        if defined $req->{model} && $cache->{model} ne "models/$req->{model}";

    $req->{cache} = $cache;
    return;
}


# beside a cache there can be no other instructions
sub cache_and_more ($req) {
    my $body = ref $req->{data} eq 'HASH' ? $req->{data} : {};

    return ('cache_tools', {})
        if grep { defined $body->{$_} } qw(systemInstruction
            system_instruction tools toolConfig tool_config);

    return;
}


sub check_owner ($kind, $value, $app, $req) {
    my $id = $value =~ s{^\Q$kind\E/}{}r;

    return if $app->store->own($kind, $id, $req);
    return $app->store->refusal($kind, $id);
}


# Google's own agents are everybody's
sub check_agent ($value, $app, $req) {
    return if $value =~ /^(?:deep-research|antigravity|code-mender)/;
    return check_owner('agents', $value, $app, $req);
}


1;
