"""Semantic units: recordings to ids that say what is said.

fit              centres of a layer of an encoder, by k-means over recordings
UnitTokenizer    recordings to units, by an encoder and centres
SignalEncoder    MFCC and log-mels, which others are compared with
read_centres, read_kmeans
                 centres in our files, and in those of scikit-learn
read_km, read_named_units, read_hubert_manifest
                 units of others; each has its `write_…`, a manifest `save`
"""

from vocable.units.centres import Centres as Centres
from vocable.units.centres import Origin as Origin
from vocable.units.centres import centres_of as centres_of
from vocable.units.centres import read_centres as read_centres
from vocable.units.fitting import Fit as Fit
from vocable.units.fitting import fit as fit
from vocable.units.hubert_manifest import HubertManifest as HubertManifest
from vocable.units.hubert_manifest import read_hubert_manifest as read_hubert_manifest
from vocable.units.kmeans_files import read_kmeans as read_kmeans
from vocable.units.lines import read_km as read_km
from vocable.units.lines import read_named_units as read_named_units
from vocable.units.lines import write_km as write_km
from vocable.units.lines import write_named_units as write_named_units
from vocable.units.signal_encoder import SignalEncoder as SignalEncoder
from vocable.units.tokenizer import UnitTokenizer as UnitTokenizer
